// SPDX-License-Identifier: Apache-2.0
// The standard streams: answers on standard output, everything else on standard error.
#pragma once

#include <string_view>

namespace sluice {

/// Thrown when nobody reads standard output any more, as behind `| head`: nothing is left to say.
struct OutputClosed {};

/// Makes writing to a closed pipe an error that can be seen, and standard streams that are closed
/// fail rather than end up in some file that is opened later. Call it first.
void prepare_streams();

/// Writes all of `text`. Throws OutputClosed, or FileError when the text cannot be written.
void write_output(std::string_view text);

/// Writes `text` to standard error as far as that is possible.
void write_error(std::string_view text);

/// Where standard output goes.
struct Terminal {
  bool is_terminal = false;
  unsigned width = 100;
};
Terminal output_terminal();
bool error_is_terminal();

}  // namespace sluice
