// SPDX-License-Identifier: Apache-2.0
// Mistakes in what surrounds the Einsums of a cascade, in their syntax and in
// their conditions, and the exact words that are said of them. See
// test_cascade_mistakes.cpp for the others.
#include <doctest/doctest.h>

#include <string>

#include "tests/base/errors.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

struct Mistaken {
  std::string file;
  std::string message;
};

// clang-format off
const Mistaken mistaken[] = {
    {R"~(a
)~",
     R"~(c.yaml:1:1: error: a cascade is a map with 'name', 'inputs' and 'einsums'
  a
  ^)~"},
    {R"~(summary: a sum
inputs: ["A[3]"]
einsums: |
  Z = A[0]
)~",
     R"~(c.yaml:1:1: error: 'name' is missing: the cascade's name
  summary: a sum
  ^)~"},
    {R"~(name: [c]
ranks: 3
inputs: "A[m]"
einsums: |
  Z = 1
)~",
     R"~(c.yaml:1:7: error: a text is expected here
  name: [c]
        ^
c.yaml:2:8: error: a map is expected here
  ranks: 3
         ^
c.yaml:3:9: error: a list of tensors is expected
  inputs: "A[m]"
          ^)~"},
    {R"~(name: c
)~",
     R"~(c.yaml:1:1: error: 'einsums' is missing
  name: c
  ^
hint: write one Einsum a line below `einsums: |`)~"},
    {R"~(name: c
einsums: |
  # nothing
)~",
     R"~(c.yaml:2:10: error: the cascade has no Einsum
  einsums: |
           ^)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] B[m,p]
  = A[m]
)~",
     R"~(c.yaml:5:8: error: '=' is expected here
    Z[p] B[m,p]
         ^
hint: an Einsum reads OUT[i] = A[i,k] * B[k]
c.yaml:6:3: error: an Einsum begins with the tensor that it makes, not '='
    = A[m]
    ^)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z = A[m] :: max
)~",
     R"~(c.yaml:5:18: error: '(' and the reduced ranks are expected here, not the end
    Z = A[m] :: max
                   ^
hint: such as `:: max(m0)`)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z = A[m] :: max(3)
)~",
     R"~(c.yaml:5:19: error: a rank is expected here, not '3'
    Z = A[m] :: max(3)
                    ^)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z = A[m] :: (m)
)~",
     R"~(c.yaml:5:15: error: a reduction is expected here, not '('
    Z = A[m] :: (m)
                ^
hint: such as `:: max(m0)`)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z = A[m]]
)~",
     R"~(c.yaml:5:11: error: ']' closes nothing
    Z = A[m]]
            ^)~"},
    {R"~(name: c
inputs: ["3"]
einsums: |
  Z = 1
)~",
     R"~(c.yaml:2:11: error: a tensor is expected here, not '3'
  inputs: ["3"]
            ^)~"},
    {R"~(name: c
parameters: {M: 8, mask: {default: none, choices: [none, causal]}}
inputs: ["A[m]"]
einsums: |
  Z = A[mask]
)~",
     R"~(c.yaml:5:9: error: 'mask' is no number
    Z = A[mask]
          ^)~"},
    {R"~(name: c
parameters: {m: 3}
ranks: {m: 4}
inputs: ["A[4]"]
einsums: |
  Z = A[0]
)~",
     R"~(c.yaml:3:12: error: 'm' names a parameter already
  ranks: {m: 4}
             ^)~"},
    {R"~(name: c
parameters: {M: 8, V: 5}
inputs: ["W[v]", "I[m]"]
einsums: |
  Z[m] = W[I[m]] where I[m] < 3
)~",
     R"~(c.yaml:5:24: error: a condition compares ranks, not elements
    Z[m] = W[I[m]] where I[m] < 3
                         ^)~"},
    {R"~(name: c
parameters: {M: 8, V: 5}
inputs: ["W[v]", "I[m]"]
einsums: |
  Z[m] = W[4-I[m]]
)~",
     R"~(c.yaml:5:12: error: a gathered index can only be added
    Z[m] = W[4-I[m]]
             ^)~"},
    {R"~(name: c
parameters: {M: 8}
inputs: ["W[m]", "I[m]"]
einsums: |
  Z[I[m]] = W[m]
)~",
     R"~(c.yaml:5:5: error: a result cannot be written to where a tensor says
    Z[I[m]] = W[m]
      ^)~"},
    {R"~(name: c
functions: {f: x + 1}
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m]
)~",
     R"~(c.yaml:2:13: error: a function is declared like `gelu(x): 0.5 * x`
  functions: {f: x + 1}
              ^
c.yaml:2:16: error: 'x' is not known here
  functions: {f: x + 1}
                 ^)~"},
    {R"~(name: c
functions: {"f(x)": "x + A[0]"}
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = f(B[m,p]) + A[m]
)~",
     R"~(c.yaml:2:26: error: a function sees its arguments, no tensors
  functions: {"f(x)": "x + A[0]"}
                           ^)~"},
    {R"~(name: c
ranks: {m: M > 3}
parameters: {M: 8}
inputs: ["A[8]"]
einsums: |
  Z = A[0]
)~",
     R"~(c.yaml:2:12: error: 'M > 3' is a condition, a number is expected here
  ranks: {m: M > 3}
             ^)~"},
    {R"~(name: c
parameters: {P: {default: 0, min: 0}}
ranks: {p: P, q: 0-2}
inputs: ["A[P-1]"]
einsums: |
  Z = A[0]
)~",
     R"~(c.yaml:3:12: error: the rank 'p' has 0 elements, 1 at least
  ranks: {p: P, q: 0-2}
             ^
c.yaml:3:18: error: the rank 'q' has -2 elements, 1 at least
  ranks: {p: P, q: 0-2}
                   ^
c.yaml:4:13: error: the size is -1, 1 at least
  inputs: ["A[P-1]"]
              ^)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
outputs: [Y]
einsums: |
  Z[p] = B[m,p] + A[m]
)~",
     R"~(c.yaml:4:11: error: no Einsum makes the output 'Y'
  outputs: [Y]
            ^
hint: known: A, B, Z
c.yaml:6:3: error: nothing reads 'Z'
    Z[p] = B[m,p] + A[m]
    ^
hint: add it to `outputs:`, or remove it)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m] where q <= p
)~",
     R"~(c.yaml:5:30: error: the rank 'q' has no size
    Z[p] = B[m,p] + A[m] where q <= p
                               ^
hint: give it one under `ranks:`; known: m, p)~"},
    {R"~(name: c
ranks: {q: 3}
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m] where q <= p
)~",
     R"~(c.yaml:6:30: error: the condition has the rank 'q', which is in no tensor of the Einsum
    Z[p] = B[m,p] + A[m] where q <= p
                               ^
hint: known: p, m)~"},
    {R"~(name: c
ranks: {a: 2000000000, b: 2000000000}
inputs: ["X[3]"]
einsums: |
  Z = X[0] :: +(m)
  Y = a * b
)~",
     R"~(c.yaml:5:17: error: no operand has the rank 'm' to reduce
    Z = X[0] :: +(m)
                  ^)~"},
    {R"~(name: c
ranks: {a: 4000000000, b: 4000000000}
inputs: ["X[3]"]
einsums: |
  Z = X[0] * a * b
)~",
     R"~(c.yaml:5:3: error: this Einsum has more than 2^60 points
    Z = X[0] * a * b
    ^)~"},
    {R"~(name: c
parameters: {M: 8, L: 9000000000}
inputs: ["A[m]"]
einsums: |
  Z = A[m*L*L]
)~",
     R"~(c.yaml:5:11: error: 9000000000 is too large for an index
    Z = A[m*L*L]
            ^
hint: 2^30 is the most
c.yaml:5:13: error: 9000000000 is too large for an index
    Z = A[m*L*L]
              ^
hint: 2^30 is the most)~"},
    {R"~(name: c
element_bits: 65
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m]
)~",
     R"~(c.yaml:2:15: error: element_bits is 65, 1 to 64 are possible
  element_bits: 65
                ^)~"},
    {R"~(name: c
iterative: {m: m > 3}
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m]
)~",
     R"~(c.yaml:2:16: error: the stop of 'm' is not understood
  iterative: {m: m > 3}
                 ^
hint: write it as `m >= number`)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  [p] = B[m,p] + A[m]
)~",
     R"~(c.yaml:5:3: error: an Einsum begins with the tensor that it makes, not '['
    [p] = B[m,p] + A[m]
    ^)~"},
    {R"~(name: c
parameters: {M: 8, P: 4}
inputs: ["A[m]", "B[m,p]"]
einsums: |
  Z[p] = B[m,p] + A[m] * M1
)~",
     R"~(c.yaml:5:26: error: 'M1' is not known here
    Z[p] = B[m,p] + A[m] * M1
                           ^
hint: known: A, B, Z)~"},
    {R"~(name: c
parameters: {M: 8, w: {default: a, choices: [a, b]}}
iterative: {m: m >= w}
inputs: ["A[m]"]
einsums: |
  Z = A[m]
)~",
     R"~(c.yaml:3:21: error: a number is needed here
  iterative: {m: m >= w}
                      ^)~"},
    {R"~(name: c
parameters: {M: 8}
inputs: ["A[m]"]
einsums: |
  Z[m] = max(A[m])
)~",
     R"~(c.yaml:5:10: error: max takes 2 or more arguments, 1 are given
    Z[m] = max(A[m])
           ^)~"},
    {R"~(name: c
parameters: {T: 4000000000}
inputs: ["A[t,t]"]
einsums: |
  Z = A[t,t]
)~",
     R"~(c.yaml:3:11: error: 'A' has more than 2^60 elements
  inputs: ["A[t,t]"]
            ^)~"},
};
// clang-format on

TEST_CASE("every mistake around Einsums is told in these words") {
  for (const Mistaken& m : mistaken) {
    CAPTURE(m.file);
    CHECK(error_of([&] { parse_cascade(m.file, "c.yaml"); }) == m.message);
  }
}

}  // namespace
}  // namespace sluice
