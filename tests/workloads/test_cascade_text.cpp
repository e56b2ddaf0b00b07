// SPDX-License-Identifier: Apache-2.0
// The text of cascades: what it means, that it comes back, and what is said of mistakes.
#include <doctest/doctest.h>

#include <random>

#include "tests/base/errors.hpp"
#include "workloads/cascade/analysis.hpp"
#include "workloads/cascade/evaluate.hpp"
#include "workloads/cascade/graph.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

Cascade read(const std::string& head, const std::string& einsums,
             const std::vector<CascadeSetting>& settings = {}) {
  return parse_cascade("name: c\n" + head + "einsums: |\n" + einsums, "c.yaml", settings);
}

const std::string head = "parameters: {M: 8, P: 4, M0: 3}\ninputs: [\"A[m]\", \"B[m,p]\"]\n";

std::string mistake(const std::string& einsums, const std::string& top = head) {
  return error_of([&] { read(top, einsums); });
}

TEST_CASE("a gather reads where an index tensor says") {
  const Cascade c = read("parameters: {V: 5, D: 2, T: 3}\ninputs: [\"W[v,d]\", \"I[t]\"]\n",
                         "  E[t,d] = W[I[t],d]\n");
  const auto out =
      evaluate_cascade(c, {{"W", {0, 1, 10, 11, 20, 21, 30, 31, 40, 41}}, {"I", {4, 0, 2}}});
  CHECK(out.at("E") == std::vector<double>{40, 41, 0, 1, 20, 21});
}

TEST_CASE("a strided and dilated window is a convolution") {
  // I of 9, stride 2, dilation 3, three taps: O[p] = I[2p] + 10 I[2p+3] + 100 I[2p+6], p < 2.
  const Cascade c = read("parameters: {P: 2, R: 3, S: 2, D: 3}\ninputs: [\"I[9]\", \"F[r]\"]\n",
                         "  O[p] = I[p*S+r*D] * F[r]\n");
  const auto out = evaluate_cascade(c, {{"I", {0, 1, 2, 3, 4, 5, 6, 7, 8}}, {"F", {1, 10, 100}}});
  CHECK(out.at("O") == std::vector<double>{630, 852});
  CHECK(facts_of(c).operations == std::map<std::string, std::uint64_t>{{"mac", 6}});
}

TEST_CASE("padding is a condition") {
  const Cascade c = read("parameters: {H: 4, P: 4, R: 3}\ninputs: [\"I[h]\", \"F[r]\"]\n",
                         "  O[p] = I[p+r-1] * F[r] where 0 <= p+r-1 < H\n");
  const auto out = evaluate_cascade(c, {{"I", {1, 2, 3, 4}}, {"F", {1, 10, 100}}});
  CHECK(out.at("O") == std::vector<double>{210, 321, 432, 43});
  CHECK(facts_of(c).operations.at("mac") == 10);  // 12 less one at either end
}

TEST_CASE("reductions are made in order, sums that are not named first") {
  const Cascade c =
      read("parameters: {E: 2, M: 2}\ninputs: [\"A[e,m]\"]\n", "  Z = A[e,m] :: max(m)\n");
  CHECK(evaluate_cascade(c, {{"A", {1, 5, 2, 3}}}).at("Z") == std::vector<double>{8});
}

TEST_CASE("a function of the file is computed and counted as what it is made of") {
  const Cascade c = read(
      "parameters: {M: 2}\nfunctions: {silu(x): x * sigmoid(x)}\n"
      "inputs: [\"A[m]\"]\n",
      "  Z[m] = silu(A[m])\n");
  CHECK(evaluate_cascade(c, {{"A", {0, 1}}}).at("Z")[1] == doctest::Approx(0.7310585786300049));
  CHECK(facts_of(c).operations == std::map<std::string, std::uint64_t>{{"*", 2}, {"sigmoid", 2}});
}

TEST_CASE("an iterative rank carries values and is a recurrence") {
  const Cascade c = read("parameters: {T: 4}\niterative: {t: t >= T}\ninputs: [\"A[t]\"]\n",
                         "  S[0] = 0\n  S[t+1] = S[t] + A[t]\n  Z = S[T]\n");
  CHECK(evaluate_cascade(c, {{"A", {1, 2, 3, 4}}}).at("Z") == std::vector<double>{10});
  CHECK(facts_of(c).recurrences == std::vector<RecurrenceFacts>{{"t", 1, {"S"}}});
}

TEST_CASE("rounding is made where elements are stored") {
  const Cascade c = read("parameters: {M: 2}\ninputs: [\"A[m]\"]\n", "  Z = A[m] * A[m]\n");
  const CascadeEvaluation whole{.round = [](double x) { return std::nearbyint(x); }};
  CHECK(evaluate_cascade(c, {{"A", {1.4, 2.4}}}, whole).at("Z") == std::vector<double>{5});
}

TEST_CASE("what a parameter decides is not a condition of ranks") {
  const std::string top =
      "parameters: {M: 4, P: 4, mask: {default: none, "
      "choices: [none, causal]}}\n"
      "inputs: [\"B[m,p]\"]\n";
  const std::string line = "  Z[p] = B[m,p] :: max(m) where mask == none or m <= p\n";
  CHECK(read(top, line).einsums[0].conditions.empty());
  CHECK(to_text(read(top, line, {{"mask", "causal"}}).einsums[0]) ==
        "Z[p] = B[m,p] :: max(m) where m <= p");
}

TEST_CASE("random Einsums come back from their text") {
  const std::uint64_t seed = 5;
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](std::vector<std::string> words) { return words[random() % words.size()]; };
  const std::function<std::string(int)> expression = [&](int depth) -> std::string {
    if (depth == 0) return pick({"A[m]", "B[m,p]", "2", "1e-05", "M0", "-3", "C[0]", "p", "inf"});
    const std::string a = expression(depth - 1), b = expression(depth - 1);
    return pick({a + " + " + b, "(" + a + ") - (" + b + ")", a + " * " + b,
                 "(" + a + ") / (" + b + ")", "-(" + a + ")", "exp(" + a + ")",
                 "max(" + a + ", " + b + ")", "pow(" + a + ", 2)"});
  };
  for (int round = 0; round < 500; ++round) {
    const std::string line =
        "  C[0] = 1\n  Z[m,p] = B[m,p] + " + expression(1 + round % 4) + " + A[m]+C[0]\n";
    CAPTURE(line);
    const Cascade cascade = read(head, line);
    CHECK(parse_cascade(to_text(cascade), "again.yaml") == cascade);
  }
}

// clang-format off
TEST_CASE("each mistake has its words") {
  CHECK(mistake("  Z = A[m] * \n") == "c.yaml:5:14: error: a number, a name or '(' is expected here, not the end\n    Z = A[m] * \n               ^" );
  CHECK(mistake("  Z[p = A[m]\n").starts_with("c.yaml:5:7: error: ']' is expected here, not '='"));
  CHECK(mistake("  Z = A[q] * B[m,p]\n") == "c.yaml:5:9: error: the rank 'q' has no size\n    Z = A[q] * B[m,p]\n          ^\nhint: give it one under `ranks:`; known: m, p");
}
// clang-format on

TEST_CASE("lines and nesting have an end") {
  const std::string head = "name: c\nranks: {m: 3}\ninputs: [\"A[m]\"]\neinsums: |\n  Z = ";
  const auto mistake = [&](const std::string& value) {
    return error_of([&] { parse_cascade(head + value + "\n", "c.yaml"); });
  };
  const std::string open(70, '('), close(70, ')');
  CHECK(mistake("A[" + open + "m" + close + "]")
            .starts_with("c.yaml:5:40: error: this is nested too deeply\n"));
  std::string sum = "A[m]";
  for (int i = 0; i < 1000; ++i) sum += "+1";
  CHECK(mistake(sum).starts_with("c.yaml:5:2003: error: the line is too long\n"));
}

TEST_CASE("a condition does not grow without end") {
  std::string all = "(0 <= m and 1 <= m)";
  for (int i = 0; i < 5; ++i) all += " or (2 <= m and m <= 3)";
  CHECK(error_of([&] {
          parse_cascade(
              "name: c\nranks: {m: 3}\ninputs: [\"A[m]\"]\neinsums: "
              "|\n  Z[m] = A[m] where " +
                  all + "\n",
              "c.yaml");
        })
            .starts_with("c.yaml:5:22: error: this condition is an `and` of "
                         "more than 32 cases\n"));
}

TEST_CASE("an index tensor must choose elements that are there") {
  const Cascade c = parse_cascade(
      "name: c\nparameters: {V: 5, M: 2}\ninputs: "
      "[\"W[v]\", \"I[m]\"]\neinsums: |\n"
      "  Z[m] = W[I[m]]\n",
      "c.yaml");
  const auto with = [&](double second) {
    return error_of([&] { evaluate_cascade(c, {{"W", {1, 2, 3, 4, 5}}, {"I", {0, second}}}); });
  };
  CHECK(with(4) == "no error");
  CHECK(with(5) ==
        "c: error: W[I[m]] leaves its tensor for some "
        "elements\nhint: an index tensor holds a "
        "number that is too large or too small");
}

}  // namespace
}  // namespace sluice
