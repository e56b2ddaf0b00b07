// SPDX-License-Identifier: Apache-2.0
#include "cli/command_table.hpp"

namespace sluice {
namespace {

using enum WordUse;

constexpr WordSpec common[] = {
    {"--library", "", "DIR", value, "where the networks, machines and tables lie"},
    {"--help", "-h", "", flag, "show this text"},
};

constexpr WordSpec run_words[] = {
    {"FILE", "", "", value, "run file: a network, a machine, options", true},
    {"--set", "", "PATH=VALUE", values, "change any value of the file; may be repeated"},
    {"--fidelity", "", "WORD", value, "analytic, tile or pe; default: that of the file, or tile"},
    {"--seed", "", "N", value, "seed of the operand values of pe"},
    {"--out", "", "DIR", value, "folder for report.json, layers.csv and the trace"},
    {"--json", "", "FILE", value, "write the report as JSON here; - is standard output"},
    {"--csv", "", "FILE", value, "write the layers as CSV here; - is standard output"},
    {"--html", "", "FILE", optional_value, "write a page with charts, here or to the folder"},
    {"--trace", "", "FILE", optional_value, "write a Perfetto trace, here or to the folder"},
    {"--trace-start", "", "CYCLES", value, "first cycle of the trace, and of the page's timeline"},
    {"--trace-cycles", "", "CYCLES", value, "length of the trace"},
    {"--no-fast-forward", "", "", flag, "simulate every period; slower, same result"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec check_words[] = {
    {"FILE", "", "", values, "run, machine, network, cascade, map or table files", true},
};

constexpr WordSpec describe_words[] = {
    {"FILE", "", "", value, "run, machine, network, cascade, map or table file", true},
    {"--set", "", "PATH=VALUE", values, "change any value of the file; may be repeated"},
};

constexpr WordSpec cascade_words[] = {
    {"FILE", "", "", value, "cascade file, or network file whose layers are lowered", true},
    {"--set", "", "NAME=VALUE", values, "set a parameter of the file; may be repeated"},
    {"--layer", "", "WORD", value, "layers of a network: a place, a name, a group, or a run 3..9"},
    {"--attention", "", "WORD", value,
     "of a network: 1pass, 2pass_online, 2pass_local, 3pass (usual) or 3pass_deferred"},
    {"--conv", "", "WORD", value, "of a network: direct (usual), im2col, or winograd where it can"},
    {"--format", "", "WORD", value, "text (the default), yaml, json, dot or svg"},
    {"--html", "", "FILE", value, "write a page with the graph here"},
};

constexpr WordSpec evaluate_words[] = {
    {"FILE", "", "", values, "cascade files, each compared with the first; or one network", true},
    {"--set", "", "NAME=VALUE", values, "set a parameter of every file that has it"},
    {"--layer", "", "WORD", value, "layers of a network: every form they have is compared"},
    {"--seed", "", "N", value, "seed of the random inputs; default: 1"},
    {"--format", "", "WORD", value, "round every element to a number format, such as bf16"},
    {"--accumulator", "", "WORD", value, "round every partial sum to a number format too"},
};

constexpr WordSpec map_words[] = {
    {"FILE", "", "", value, "map file, or run file", true},
    {"--set", "", "PATH=VALUE", values, "change any value of the file; may be repeated"},
    {"--mapper", "", "NAME", value, "the mapper; default: that of the file"},
    {"--objective", "", "WORD", value, "what a search makes least: cycles, energy or edp"},
    {"--time", "", "TIME", value, "how long a search may take, such as 10s"},
    {"--pareto", "", "", flag, "every mapping that no other beats in both cycles and energy"},
    {"--exhaustive", "", "", flag, "look at every mapping of the space, without pruning"},
    {"--fuse", "", "WORD", value, "of a search: none, whole (default) or tiles pass on chip"},
    {"--cache", "", "FOLDER", value, "where a search keeps and finds its results; default: none"},
    {"--threads", "", "N", value, "threads of a search; default: one for each core"},
    {"--json", "", "FILE", value, "write the answer as JSON here; - is standard output"},
    {"--csv", "", "FILE", value, "write the accesses as CSV here; - is standard output"},
    {"--html", "", "FILE", value, "write a page with the loop nest here"},
};

constexpr WordSpec sweep_words[] = {
    {"FILE", "", "", value, "sweep file: an experiment, what may vary, what is wanted", true},
    {"--set", "", "PATH=VALUE", values, "change any value of the file; may be repeated"},
    {"--searcher", "", "NAME", value, "how to search (see sluice list searchers)"},
    {"--budget", "", "N", value, "evaluations in all"},
    {"--batch", "", "N", value, "designs that are chosen at once"},
    {"--seed", "", "N", value, "of the random numbers"},
    {"--workers", "", "N", value,
     "threads, or processes of tile and pe; default: one for each core"},
    {"--timeout", "", "TIME", value, "of one design, such as 30s"},
    {"--fidelity", "", "WORD", value, "analytic, tile, pe, or proxy: ask the sweep's proxy"},
    {"--proxy", "", "FILE", value, "do not simulate: ask this proxy (see sluice proxy train)"},
    {"--store", "", "FILE", value, "study to write or go on with; default: out/NAME.sqlite"},
    {"--executor", "", "WORD", value,
     "ray or slurm, on a cluster: in the Python package (docs/cluster.md)"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec benchmark_words[] = {
    {"FILE", "", "", values, "sweep files whose spaces are small enough to enumerate", true},
    {"--searcher", "", "NAME", values,
     "searcher, or NAME:setting=value:...; may be repeated; default: all"},
    {"--budget", "", "N", values, "evaluations; may be repeated; default: 100, 300 and 1000"},
    {"--seeds", "", "N", value, "runs of each searcher with each budget; default: 20"},
    {"--batch", "", "N", value, "designs that are chosen at once; default: 10"},
    {"--configurations", "", "K", value,
     "random settings of each searcher, beside its usual ones; default: none"},
    {"--configuration-seed", "", "N", value, "of these settings; default: 1"},
    {"--csv", "", "FILE", value, "write the figures as CSV here"},
    {"--truth", "", "FOLDER", value, "where the designs' results are kept; default: out/truth"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec study_list_words[] = {
    {"FILE", "", "", values, "studies (.sqlite), or folders of them; default: out/"},
};

constexpr WordSpec study_words[] = {
    {"FILE", "", "", value, "study (.sqlite)", true},
};

constexpr WordSpec study_best_words[] = {
    {"FILE", "", "", value, "study (.sqlite)", true},
    {"--count", "", "N", value, "how many; default: 10"},
};

constexpr WordSpec study_export_words[] = {
    {"FILE", "", "", value, "study (.sqlite)", true},
    {"--format", "", "WORD", value, "csv (the default) or jsonl"},
    {"--output", "-o", "FILE", value, "where to; default: standard output"},
};

constexpr WordSpec proxy_train_words[] = {
    {"STUDY", "", "", value, "study (.sqlite) whose trials it learns from", true},
    {"--output", "-o", "FILE", value, "proxy to write", true},
    {"--model", "", "WORD", value,
     "forest, network or gaussian_process; default: the best of them"},
    {"--limit", "", "SHARE", value, "refuse what is not known this well; default: 0.2"},
    {"--seed", "", "N", value, "of the split and of the models; default: 1"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec proxy_show_words[] = {
    {"PROXY", "", "", value, "proxy, as sluice proxy train makes it", true},
};

constexpr WordSpec proxy_test_words[] = {
    {"PROXY", "", "", value, "proxy, as sluice proxy train makes it", true},
    {"STUDY", "", "", value, "study (.sqlite) of the same space, such as another searcher's", true},
    {"--speed", "", "N", value, "simulate N designs again, and say how much faster the proxy is"},
};

constexpr WordSpec report_words[] = {
    {"STUDY", "", "", value, "study (.sqlite)", true},
    {"--output", "-o", "FILE", value, "page to write; default: beside the study, .html"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec reproduce_words[] = {
    {"PAPER", "", "", value, "a paper, or a claim file (.yaml); none: which there are"},
    {"--set", "", "PATH=VALUE", values, "change any value of the file; may be repeated"},
    {"--csv", "", "FILE", value, "write every point as CSV here; - is standard output"},
    {"--html", "", "FILE", value, "write a page with plots here"},
    {"--quiet", "-q", "", flag, "print nothing but errors"},
};

constexpr WordSpec list_words[] = {
    {"KIND", "", "", value,
     "models, networks, cascades, machines, mappers, searchers, papers, writers ..."},
    {"NAME", "", "", value, "one of them, in full"},
};

constexpr WordSpec schema_words[] = {
    {"KIND", "", "", value, "run, architecture, network, map, cascade, claims, facts or report",
     true},
};

constexpr WordSpec scalesim_words[] = {
    {"--config", "-c", "FILE", value, "configuration of SCALE-Sim (.cfg)", true},
    {"--topology", "-t", "FILE", value, "topology of SCALE-Sim (.csv)", true},
    {"--input", "-i", "WORD", value, "what the topology lists: conv (the default) or gemm"},
    {"--output", "-o", "FILE", value, "run file to write; - is standard output", true},
};

constexpr WordSpec accelergy_words[] = {
    {"--ert", "", "FILE", value, "energy reference table (.yaml)", true},
    {"--art", "", "FILE", value, "area reference table (.yaml)"},
    {"--map", "-m", "FILE", value, "what the components of the tables are here (.yaml)", true},
    {"--output", "-o", "FILE", value, "table to write; - is standard output", true},
};

constexpr WordSpec onnx_words[] = {
    {"FILE", "", "", value, "model (.onnx)", true},
    {"--set", "", "NAME=NUMBER", values, "a dimension that the model leaves open; may be repeated"},
    {"--output", "-o", "FILE", value, "network to write; - is standard output", true},
};

constexpr WordSpec timeloop_words[] = {
    {"PROBLEM", "", "", value, "problem of Timeloop v4 (.yaml)", true},
    {"ARCHITECTURE", "", "", value, "architecture (.yaml)", true},
    {"MAPPING", "", "", value, "mapping (.yaml); without one, a mapper is to find it"},
    {"--ert", "", "FILE", value, "energy reference table of Accelergy (.yaml)"},
    {"--output", "-o", "FILE", value, "map file to write; - is standard output", true},
};

constexpr WordSpec help_words[] = {
    {"COMMAND", "", "", values, "the command to explain"},
};

constexpr std::string_view run_more = R"(examples:
  sluice run resnet50.yaml
  sluice run resnet50.yaml --set architecture.array.rows=64 --fidelity analytic
  sluice run resnet50.yaml --json - | jq .total.cycles
  sluice run resnet50.yaml --out out/first --trace --html
  sluice run resnet50.yaml --html resnet50.html

Without --json, --csv and --html FILE, report.json and layers.csv go to the folder that the file
names (out/ if none); with them, only what they name is written, unless --out asks for it too.
)";

constexpr std::string_view cascade_more = R"(examples:
  sluice cascade configs/cascades/attention_1pass.yaml --set mask=causal
  sluice cascade llama3_8b.yaml --layer block0 --set seq_len=4096 --attention 1pass
  sluice cascade llama3_8b.yaml --layer block0.attention --format svg > attention.svg
)";

constexpr std::string_view evaluate_more = R"(examples:
  sluice evaluate attention_3pass.yaml attention_1pass.yaml --set keys=37
  sluice evaluate resnet18.yaml --layer conv2_0.conv2 --set image_size=32 --format bf16

Of a network, attention in five cascades and convolutions directly, by im2col and by Winograd are
compared with the usual form; with --format or --accumulator, each rounded with the usual in double.
)";

constexpr std::string_view map_more = R"(examples:
  sluice map configs/map/fused_matmuls.yaml
  sluice map configs/map/fused_matmuls.yaml --mapper search --pareto --time 10s
  sluice map configs/run/quickstart.yaml --mapper heuristic --json -

A map file holds a cascade, a hierarchy and a loop nest, and the mapper fixed takes the nest as it
is. The mapper search finds the best one and proves it (docs/search_mapper.md). A run file holds a
network and a machine; each layer is shown once, with a count.
)";

constexpr std::string_view proxy_more = R"(examples:
  sluice proxy train out/random.sqlite -o edge.proxy
  sluice proxy test edge.proxy out/nsga2.sqlite
  sluice sweep configs/sweep/tpu_edge.yaml --proxy edge.proxy --store out/asked.sqlite

15 % of the designs are for intervals, 15 % for errors and seen by nothing else. Designs outside of
what was learned, and those not known to --limit, are refused (docs/proxies.md).
)";

constexpr std::string_view report_more = R"(examples:
  sluice report out/tpu_edge.sqlite -o tpu_edge.html

A page for any browser, without a network: the front, how the search went, which parameters decide,
the best designs and what holds them back (docs/pages.md). Of a run: sluice run --html.
)";

constexpr std::string_view reproduce_more = R"(examples:
  sluice reproduce
  sluice reproduce fusemax
  sluice reproduce fusemax --csv fusemax.csv --html fusemax.html

Exit code 1: a claim does not hold. What is claimed, and how near, is in configs/reproduce.
)";

constexpr std::string_view benchmark_more = R"(examples:
  sluice benchmark configs/sweep/enumerated_*.yaml --csv search.csv
  sluice benchmark configs/sweep/enumerated_conv.yaml --searcher tpe --searcher bayes --budget 300
  sluice benchmark configs/sweep/enumerated_conv.yaml --searcher genetic --configurations 20

Every design of a space is evaluated once. Each searcher then runs with seeds 1, 2, ...; p is of a
Mann-Whitney test against random search with the same budget (docs/search.md).
)";

constexpr std::string_view list_more = R"(examples:
  sluice list
  sluice list networks
  sluice list networks resnet50
)";

constexpr std::string_view schema_more =
    R"(For an editor with yaml-language-server, begin a file with
  # yaml-language-server: $schema=run.schema.json
after sluice schema run > run.schema.json.
)";

constexpr std::string_view accelergy_more =
    R"(The map names the new table and says what each component is:
  name: my_table
  source: estimated by Accelergy 0.4 with its CACTI plug-in
  node_nm: 45
  voltage_v: 1
  components:
    - {from: system.chip.PE.mac, to: array}
    - {from: system.chip.buffer, to: scratchpad, word: 8 B, actions: [{from: leak, to: ""}]}
)";

constexpr CommandSpec commands[] = {
    {"run", "evaluate a run file and write its report", run_words, run_more},
    {"check", "say all that is wrong with files", check_words},
    {"describe", "show what a file means: machine, network, mapping", describe_words},
    {"cascade", "analyse a cascade of Einsums, or layers of a network as one", cascade_words,
     cascade_more},
    {"map", "show how Einsums or layers are mapped, what that costs, and why", map_words, map_more},
    {"evaluate", "compute cascades on the same random tensors and compare them", evaluate_words,
     evaluate_more},
    {"sweep", "search the designs of a sweep file; run again, it goes on", sweep_words},
    {"benchmark", "compare searchers on spaces whose every design is known", benchmark_words,
     benchmark_more},
    {"study list", "what studies there are, and how far each is", study_list_words},
    {"study show", "what came of a study", study_words},
    {"study best", "the best designs of a study", study_best_words},
    {"study front", "the designs of a study that no other beats in every objective", study_words},
    {"study export", "all trials of a study as a table", study_export_words},
    {"study validate", "evaluate stored trials again and compare", study_best_words},
    {"proxy train", "learn from a study what designs are worth", proxy_train_words, proxy_more},
    {"proxy show", "what a proxy learned from, and how wrong it is", proxy_show_words},
    {"proxy test", "hold a proxy against the trials of another study", proxy_test_words},
    {"report", "a study as a page with charts", report_words, report_more},
    {"reproduce", "compute the figures of a paper and hold them against it", reproduce_words,
     reproduce_more},
    {"list", "list what there is to choose from", list_words, list_more},
    {"schema", "print the JSON Schema of a kind of file", schema_words, schema_more},
    {"import scalesim", "make a run file of an experiment of SCALE-Sim", scalesim_words},
    {"import accelergy", "make an energy table of tables of Accelergy", accelergy_words,
     accelergy_more},
    {"import onnx", "make a network of an ONNX model", onnx_words},
    {"import timeloop", "make a map file of a problem, machine and mapping of Timeloop",
     timeloop_words},
    {"help", "explain a command", help_words},
};

}  // namespace

std::span<const CommandSpec> command_table() { return commands; }

std::span<const WordSpec> common_words() { return common; }

}  // namespace sluice
