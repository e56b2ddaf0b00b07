// SPDX-License-Identifier: Apache-2.0
// Files read whole and written whole. A reader never sees half a file, and a writer that fails
// leaves what was there before.
#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/diagnostics.hpp"

namespace sluice {

/// The operating system would not write: a full disk, a folder that cannot be entered.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Why a file cannot be read, for a diagnostic.
struct FileProblem {
  std::string message;
  std::string hint;
};

/// The bytes of a file of at most `limit` bytes, or why not. A file that is known to be larger is
/// not read at all.
std::variant<std::string, FileProblem> try_read_file(const std::string& path, std::size_t limit);

/// The same; throws SpecError at `path`.
std::string read_file(const std::string& path, std::size_t limit);

/// The names, without extension, of the files in `folders` that have this one: sorted, each once.
std::vector<std::string> file_stems(const std::vector<std::string>& folders,
                                    std::string_view extension);

/// Replaces the file at `path` with `text`, creating folders on the way: writes a temporary file
/// beside it, syncs, renames. A link stays and leads to the new file; a pipe or device is written
/// to. Throws FileError that names the path and the system's reason; then neither a part of the new
/// file nor the temporary one is left.
void write_file_atomic(const std::string& path, std::string_view text);
/// Takes the next piece of a text.
using WritePiece = std::function<void(std::string_view piece)>;
/// The same with the text that `produce` hands over piece by piece. What it throws leaves the file
/// as it was.
void write_file_atomic(const std::string& path,
                       const std::function<void(const WritePiece&)>& produce);

/// The last part of a path, whichever slash it is written with.
std::string file_name(std::string_view path);

/// `16 MiB (16777216 bytes)`, for messages about limits.
std::string size_text(std::size_t bytes);

}  // namespace sluice
