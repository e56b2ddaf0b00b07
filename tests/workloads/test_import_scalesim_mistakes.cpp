// SPDX-License-Identifier: Apache-2.0
// What is said of topology files with mistakes in them.
#include <doctest/doctest.h>

#include <string>

#include "base/diagnostics.hpp"
#include "workloads/importers/scalesim_topology.hpp"

namespace sluice {
namespace {

std::string message(const std::string& text, ScalesimRows rows,
                    ScalesimSparsity sparsity = ScalesimSparsity::ignore) {
  try {
    import_scalesim_topology(text, "my.csv", rows, sparsity);
  } catch (const SpecError& error) {
    return error.what();
  }
  return "no error";
}

std::string gemm(const std::string& rows) {
  return message("Layer, M, N, K,\n" + rows, ScalesimRows::gemm);
}

std::string conv(const std::string& rows) { return message("header\n" + rows, ScalesimRows::conv); }

TEST_CASE("a cell that is no number is pointed at") {
  CHECK(gemm("G, 100, x7, 211,\n") ==
        "my.csv:2:9: error: N is 'x7', a whole number is expected\n"
        "  G, 100, x7, 211,\n"
        "          ^");
}

TEST_CASE("an empty cell is pointed at by its comma") {
  CHECK(gemm("G, 100,  , 211,\n") ==
        "my.csv:2:10: error: N is empty, a whole number is expected\n"
        "  G, 100,  , 211,\n"
        "           ^");
}

TEST_CASE("a number that is nearly whole is written out in the hint") {
  CHECK(gemm("G,100.0,37,211,\n") ==
        "my.csv:2:3: error: M is '100.0', a whole number is expected\n"
        "  G,100.0,37,211,\n"
        "    ^\n"
        "hint: write 100");
  CHECK(gemm("G,\"100\",37,211,\n") ==
        "my.csv:2:3: error: M is '\"100\"', a whole number is expected\n"
        "  G,\"100\",37,211,\n"
        "    ^\n"
        "hint: leave out the quotes");
}

TEST_CASE("extents are at least 1 and at most what 32 bits address") {
  CHECK(gemm("G,0,37,211,\n") ==
        "my.csv:2:3: error: M is 0, at least 1 is required\n"
        "  G,0,37,211,\n"
        "    ^");
  CHECK(gemm("G,1,1,2147483647,\n") == "no error");
  CHECK(gemm("G,1,1,2147483648,\n") ==
        "my.csv:2:7: error: K is '2147483648', at most 2147483647 is allowed\n"
        "  G,1,1,2147483648,\n"
        "        ^");
  CHECK(gemm("G,1,1,99999999999999999999999,\n") ==
        "my.csv:2:7: error: K is '99999999999999999999999', at most 2147483647 is allowed\n"
        "  G,1,1,99999999999999999999999,\n"
        "        ^");
}

TEST_CASE("a negative number is no whole number") {
  CHECK(gemm("G,-1,37,211,\n") ==
        "my.csv:2:3: error: M is '-1', a whole number is expected\n"
        "  G,-1,37,211,\n"
        "    ^");
}

TEST_CASE("a row that is too short says what is missing") {
  CHECK(conv("C, 14, 14, 3, 3, 32,\n") ==
        "my.csv:2:21: error: the row ends before num filter, strides\n"
        "  C, 14, 14, 3, 3, 32,\n"
        "                      ^");
}

TEST_CASE("a file of M, N, K read as convolutions is recognized") {
  CHECK(conv("G,100,37,211,\n") ==
        "my.csv:2:14: error: the row ends before filter width, channels, num filter, strides\n"
        "  G,100,37,211,\n"
        "               ^\n"
        "hint: a file of M, N and K is imported with `-i gemm`");
}

TEST_CASE("a file of convolutions read as products is recognized") {
  CHECK(gemm("C,14,14,3,3,32,8,1,\n") ==
        "my.csv:2:11: error: '3' is no ratio N:M such as 2:4\n"
        "  C,14,14,3,3,32,8,1,\n"
        "            ^\n"
        "hint: SCALE-Sim has no such column (batch is always 1); leave it out\n"
        "my.csv:2:13: error: '32' stands behind the last column, N:M\n"
        "  C,14,14,3,3,32,8,1,\n"
        "              ^\n"
        "hint: a file of convolutions is imported with `-i conv`");
}

TEST_CASE("a column of batches is refused") {
  CHECK(conv("C,14,14,3,3,32,8,1,4,\n") ==
        "my.csv:2:20: error: '4' is no ratio N:M such as 2:4\n"
        "  C,14,14,3,3,32,8,1,4,\n"
        "                     ^\n"
        "hint: SCALE-Sim has no such column (batch is always 1); leave it out");
}

TEST_CASE("a cell behind the ratio is refused") {
  CHECK(gemm("G,1,2,3,2:4,note,\n") ==
        "my.csv:2:13: error: 'note' stands behind the last column, N:M\n"
        "  G,1,2,3,2:4,note,\n"
        "              ^\n"
        "hint: leave it out");
}

TEST_CASE("a ratio is two whole numbers, the first no larger than the second") {
  CHECK(gemm("G,1,2,3,2-4,\n") ==
        "my.csv:2:9: error: '2-4' is no ratio N:M such as 2:4\n"
        "  G,1,2,3,2-4,\n"
        "          ^");
  CHECK(gemm("G,1,2,3,0:4,\n") ==
        "my.csv:2:9: error: N of N:M is 0, at least 1 is required\n"
        "  G,1,2,3,0:4,\n"
        "          ^");
  CHECK(gemm("G,1,2,3,5:4,\n") ==
        "my.csv:2:9: error: 5 of 4 weights cannot be kept\n"
        "  G,1,2,3,5:4,\n"
        "          ^");
  CHECK(gemm("G,1,2,3,4:4,\n") == "no error");
}

TEST_CASE("a filter larger than the ifmap is refused, on both axes") {
  CHECK(conv("C,7,6,7,6,32,8,1,\n") == "no error");
  CHECK(conv("C,7,6,8,7,32,8,1,\n") ==
        "my.csv:2:7: error: filter height 8 exceeds ifmap height 7\n"
        "  C,7,6,8,7,32,8,1,\n"
        "        ^\n"
        "hint: SCALE-Sim does not pad: padding is part of the ifmap's height and width\n"
        "my.csv:2:9: error: filter width 7 exceeds ifmap width 6\n"
        "  C,7,6,8,7,32,8,1,\n"
        "          ^\n"
        "hint: SCALE-Sim does not pad: padding is part of the ifmap's height and width");
}

TEST_CASE("a layer in the first line, which is skipped, is not lost in silence") {
  CHECK(message("G,100,37,211,\nH,1,2,3,\n", ScalesimRows::gemm) ==
        "my.csv:1:1: error: the first line is a layer; it is skipped as the header\n"
        "  G,100,37,211,\n"
        "  ^\n"
        "hint: put a line of column names above it");
}

TEST_CASE("a file without layers is refused") {
  CHECK(gemm("\n\n") == "my.csv: error: the file has no layers");
  CHECK(message("", ScalesimRows::gemm) == "my.csv: error: the file is empty");
}

TEST_CASE("layers that cannot be counted are refused") {
  CHECK(gemm("G,2147483647,2147483647,2147483647,\n") ==
        "my.csv:2:1: error: the layer's number of MACs is too large to count\n"
        "  G,2147483647,2147483647,2147483647,\n"
        "  ^");
}

TEST_CASE("all mistakes are told at once, and columns count characters") {
  CHECK(gemm("\xC3\xA9t\xC3\xA9,a,2,3,\nG,1,2,3,\nH,1,b,3,\n") ==
        "my.csv:2:5: error: M is 'a', a whole number is expected\n"
        "  \xC3\xA9t\xC3\xA9,a,2,3,\n"
        "      ^\n"
        "my.csv:4:5: error: N is 'b', a whole number is expected\n"
        "  H,1,b,3,\n"
        "      ^");
}

TEST_CASE("bytes that are no text are refused") {
  CHECK(gemm("G,\xFF,2,3,\n") ==
        "my.csv:2:3: error: the byte 0xFF here is not UTF-8 text\n"
        "  G,?,2,3,\n"
        "    ^\n"
        "hint: save the file as UTF-8");
}

}  // namespace
}  // namespace sluice
