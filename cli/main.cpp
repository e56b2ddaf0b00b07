// SPDX-License-Identifier: Apache-2.0
// The program: reads the command line, does what it says, and turns what went wrong into a message
// and an exit code.
#include <exception>
#include <new>
#include <string>

#include "base/files.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/streams.hpp"
#include "sim/evaluate.hpp"

namespace {

using namespace sluice;

struct Executor {
  const LibraryFolders& folders;

  int operator()(const TextArguments& text) const {
    write_output(text.text);
    return exit_done;
  }
  int operator()(const RunArguments& a) const { return run_command(a, folders); }
  int operator()(const CheckArguments& a) const { return check_command(a, folders); }
  int operator()(const DescribeArguments& a) const { return describe_command(a, folders); }
  int operator()(const ListArguments& a) const { return list_command(a, folders); }
  int operator()(const CascadeArguments& a) const { return cascade_command(a); }
  int operator()(const MapArguments& a) const { return map_command(a, folders); }
  int operator()(const EvaluateArguments& a) const { return evaluate_command(a); }
  int operator()(const SweepArguments& a) const { return sweep_command(a, folders); }
  int operator()(const StudyArguments& a) const { return study_command(a, folders); }
  int operator()(const ProxyArguments& a) const { return proxy_command(a, folders); }
  int operator()(const ReportArguments& a) const { return report_command(a, folders); }
  int operator()(const ReproduceArguments& a) const { return reproduce_command(a, folders); }
  int operator()(const BenchmarkArguments& a) const { return benchmark_command(a, folders); }
  int operator()(const SchemaArguments& a) const { return schema_command(a); }
  int operator()(const ImportScaleSimArguments& a) const { return import_scalesim_command(a); }
  int operator()(const ImportAccelergyArguments& a) const { return import_accelergy_command(a); }
  int operator()(const ImportOnnxArguments& a) const { return import_onnx_command(a); }
  int operator()(const ImportTimeloopArguments& a) const { return import_timeloop_command(a); }
};

int execute(int count, const char* const* words, std::string& name) {
  const Command command = parse_arguments(count, words);
  name = command.name;
  const LibraryFolders folders = find_library(command.library);
  return std::visit(Executor{folders}, command.arguments);
}

int failed(const std::string& name, std::string_view reason) {
  write_error(name + ": error: " + std::string(reason) + "\n");
  return exit_failed;
}

}  // namespace

int main(int count, char** words) {
  std::string name = "sluice";
  prepare_streams();
  try {
    return execute(count, words, name);
  } catch (const OutputClosed&) {
    return exit_done;
  } catch (const SpecError& error) {
    write_error(std::string(error.what()) + "\n");
    return exit_wrong_input;
  } catch (const InterruptedError&) {
    write_error(interrupted_text);
    return exit_interrupted;
  } catch (const std::bad_alloc&) {
    return failed(name, "the memory of this machine does not suffice");
  } catch (const std::exception& error) {
    return failed(name, error.what());
  }
}
