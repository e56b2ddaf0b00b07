// SPDX-License-Identifier: Apache-2.0
// What the commands do, one file each. A command returns its exit code; what is wrong with its
// input it throws as SpecError, what the system refuses as FileError.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "cli/library.hpp"
#include "mapper/mapping.hpp"

namespace sluice {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  ///< infeasible, or the system refused
inline constexpr int exit_wrong_input = 2;

/// `path: infeasible: what: needed 3 B, available 2 B`, a line.
std::string infeasible_text(const std::string& path, const Infeasible& infeasible);

int run_command(const RunArguments& arguments, const LibraryFolders& folders);
int check_command(const CheckArguments& arguments, const LibraryFolders& folders);
int describe_command(const DescribeArguments& arguments, const LibraryFolders& folders);
int list_command(const ListArguments& arguments, const LibraryFolders& folders);
int cascade_command(const CascadeArguments& arguments);
int evaluate_command(const EvaluateArguments& arguments);
int map_command(const MapArguments& arguments, const LibraryFolders& folders);
int sweep_command(const SweepArguments& arguments, const LibraryFolders& folders);
int study_command(const StudyArguments& arguments, const LibraryFolders& folders);
int proxy_command(const ProxyArguments& arguments, const LibraryFolders& folders);
int report_command(const ReportArguments& arguments, const LibraryFolders& folders);
int reproduce_command(const ReproduceArguments& arguments, const LibraryFolders& folders);
int benchmark_command(const BenchmarkArguments& arguments, const LibraryFolders& folders);
int schema_command(const SchemaArguments& arguments);
int import_scalesim_command(const ImportScaleSimArguments& arguments);
int import_accelergy_command(const ImportAccelergyArguments& arguments);
int import_onnx_command(const ImportOnnxArguments& arguments);
int import_timeloop_command(const ImportTimeloopArguments& arguments);

}  // namespace sluice
