// SPDX-License-Identifier: Apache-2.0
// Every mistake in the text of a cascade, and the exact words that are said of it.
#include <doctest/doctest.h>

#include <string>

#include "tests/base/errors.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

struct Mistaken {
  std::string head;
  std::string einsums;
  std::string message;
};

// clang-format off
const Mistaken mistaken[] = {
    {R"~(parameters: {M: 8}
inputs: ["A[m]"]
)~",
     R"~(  Z = A[m+2000000000]
)~",
     R"~(c.yaml:5:11: error: 2000000000 is too large for an index
    Z = A[m+2000000000]
            ^
hint: 2^30 is the most)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] * 
)~",
     R"~(c.yaml:5:14: error: a number, a name or '(' is expected here, not the end
    Z = A[m] * 
               ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[p = A[m]
)~",
     R"~(c.yaml:5:7: error: ']' is expected here, not '='
    Z[p = A[m]
        ^
hint: it closes the '[' in column 2 of the text)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[q] * B[m,p]
)~",
     R"~(c.yaml:5:9: error: the rank 'q' has no size
    Z = A[q] * B[m,p]
          ^
hint: give it one under `ranks:`; known: m, p)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] + C[m]
)~",
     R"~(c.yaml:5:14: error: nothing makes the tensor 'C'
    Z = A[m] + C[m]
               ^
hint: declare it under `inputs:`; known: A, B, Z)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m,p] * B[m,p]
)~",
     R"~(c.yaml:5:7: error: 'A' has 1 ranks, 2 are given
    Z = A[m,p] * B[m,p]
        ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] * B[m,p]
  Z = A[m]
)~",
     R"~(c.yaml:6:3: error: 'Z' is made twice
    Z = A[m]
    ^
hint: line 5 makes it already; several Einsums may make parts that are apart)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = X[m] * A[m]
  X[m] = Z[m] * B[m,p]
)~",
     R"~(c.yaml:5:3: error: these need each other, and no iterative rank orders them: Z, X
    Z[m] = X[m] * A[m]
    ^
hint: a recurrence writes RM[m1+1,p] and reads RM[m1,p], with m1 under `iterative:`)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m+1] * B[m,p]
)~",
     R"~(c.yaml:5:9: error: 'm+1' goes from 1 to 8, but 'A' has 8 elements there
    Z = A[m+1] * B[m,p]
          ^
hint: add the condition `where m+1 < 8`, or mend the sizes)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = ex(A[m]) * B[m,p]
)~",
     R"~(c.yaml:5:7: error: there is no function 'ex'
    Z = ex(A[m]) * B[m,p]
        ^
hint: did you mean 'exp'?)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = exp(A[m], 2) * B[m,p]
)~",
     R"~(c.yaml:5:7: error: exp takes 1 arguments, 2 are given
    Z = exp(A[m], 2) * B[m,p]
        ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] * B[m,p] :: max(q)
)~",
     R"~(c.yaml:5:28: error: no operand has the rank 'q' to reduce
    Z = A[m] * B[m,p] :: max(q)
                             ^
hint: known: m, p)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[m] * B[m,p] :: max(m)
)~",
     R"~(c.yaml:5:31: error: the rank 'm' is in the result, it cannot be reduced
    Z[m] = A[m] * B[m,p] :: max(m)
                                ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[m] * B[m,p] :: avg(p)
)~",
     R"~(c.yaml:5:27: error: 'avg' is no reduction
    Z[m] = A[m] * B[m,p] :: avg(p)
                            ^
hint: known: +, *, max, min)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[m] * B[m,p] where m + 1
)~",
     R"~(c.yaml:5:35: error: a comparison is expected here, not the end
    Z[m] = A[m] * B[m,p] where m + 1
                                    ^
hint: such as `where k <= i`)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[m] * B[m,p] where M < 3
)~",
     R"~(c.yaml:5:30: error: this condition never holds
    Z[m] = A[m] * B[m,p] where M < 3
                               ^
hint: the parameters decide it: leave the Einsum out, or change them)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  A[m] = B[m,p]
)~",
     R"~(c.yaml:3:11: error: no Einsum reads the input 'A'
  inputs: ["A[m]", "B[m,p]"]
            ^
c.yaml:5:3: error: 'A' is an input, no Einsum can make it
    A[m] = B[m,p]
    ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[m*m] * B[m,p]
)~",
     R"~(c.yaml:5:12: error: an index multiplies ranks only by numbers and parameters
    Z[m] = A[m*m] * B[m,p]
             ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m+p] = A[m] * B[m,p]
)~",
     R"~(c.yaml:5:5: error: several points make the same element of 'Z'
    Z[m+p] = A[m] * B[m,p]
      ^
hint: reduce into a rank of its own instead)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m] = A[p] * B[m,p]
)~",
     R"~(c.yaml:5:12: error: the rank 'p' has 4 elements, but 'A' has 8 there (rank 'm')
    Z[m] = A[p] * B[m,p]
             ^
hint: declare the input with a number to read a part of it)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  M[m] = A[m] * B[m,p]
)~",
     R"~(c.yaml:5:3: error: 'M' names a parameter, a rank or its size already
    M[m] = A[m] * B[m,p]
    ^
hint: give the tensor another name)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] B[m,p]
)~",
     R"~(c.yaml:5:12: error: 'B' is not expected here
    Z = A[m] B[m,p]
             ^
hint: behind the expression come `:: max(rank)` and `where condition`)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Y[m] = A[m]
  Z = A[m] / B[m,p] $
)~",
     R"~(c.yaml:6:21: error: '$' is not expected here
    Z = A[m] / B[m,p] $
                      ^
hint: behind the expression come `:: max(rank)` and `where condition`)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z[m-1] = A[m] * B[m,p]
)~",
     R"~(c.yaml:5:5: error: 'm-1' goes down to -1, indices begin at 0
    Z[m-1] = A[m] * B[m,p]
      ^)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m/2] * B[m,p]
)~",
     R"~(c.yaml:5:9: error: an index is a sum of ranks, '/' cannot stand in it
    Z = A[m/2] * B[m,p]
          ^
hint: name the number under `let:`, where `/`, `//` and ceil_div are known)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] * B[m,p] where q < 3
)~",
     R"~(c.yaml:5:27: error: 'q' is not known here
    Z = A[m] * B[m,p] where q < 3
                            ^
hint: known: M, P, M0)~"},
    {R"~(parameters: {M: 8, P: 4, M0: 3}
inputs: ["A[m]", "B[m,p]"]
)~",
     R"~(  Z = A[m] * B[m,p] where hidden
)~",
     R"~(c.yaml:5:27: error: there is no condition 'hidden'
    Z = A[m] * B[m,p] where hidden
                            ^)~"},
    {R"~(parameters: {T: 4}
iterative: {t: t >= T}
inputs: ["A[t]"]
)~",
     R"~(  S[t+1] = S[t] + A[t]
  Z = S[T]
)~",
     R"~(c.yaml:6:14: error: 'S' has no value at 0: nothing makes it there
    S[t+1] = S[t] + A[t]
               ^
hint: give it one: S[0] = 0)~"},
    {R"~(parameters: {T: 4}
inputs: ["A[t]"]
)~",
     R"~(  S[0] = 0
  S[t+1] = S[t] + A[t]
  Z = S[T]
)~",
     R"~(c.yaml:6:14: error: 'S' is made at t+1 from itself at t, but the rank 't' is not iterative
    S[t+1] = S[t] + A[t]
               ^
hint: put t under `iterative:`, or give each step a rank of its own)~"},
    {R"~(parameters: {T: 4}
iterative: {t: t < T}
inputs: ["A[t]"]
)~",
     R"~(  Z = A[t]
)~",
     R"~(c.yaml:3:16: error: the stop of 't' is not understood
  iterative: {t: t < T}
                 ^
hint: write it as `t >= number`)~"},
    {R"~(parameters: {T: 4}
iterative: {t: t >= T}
inputs: ["A[t]"]
)~",
     R"~(  Z = A[t]
)~",
     R"~(c.yaml:3:13: error: no Einsum carries a value along the rank 't'
  iterative: {t: t >= T}
              ^
hint: leave it out of `iterative:`, or write to t+1)~"},
    {R"~(parameters: {T: 4}
ranks: {t: 5}
inputs: ["A[t]", "A[3]", "C[4]"]
outputs: [Q]
)~",
     R"~(  Z = A[t]
)~",
     R"~(c.yaml:3:12: error: the rank 't' has two sizes, 5 and 4
  ranks: {t: 5}
             ^
hint: T is its size wherever it is written
c.yaml:4:19: error: the input 'A' is declared twice
  inputs: ["A[t]", "A[3]", "C[4]"]
                    ^)~"},
    {R"~(parameters: {T: 4}
functions: {exp(x): x, "f(x)": x + y}
inputs: ["A[t]"]
outputs: [Z]
)~",
     R"~(  Z = f(A[t])
  Y[t] = A[t]
)~",
     R"~(c.yaml:3:13: error: there is a function 'exp' already
  functions: {exp(x): x, "f(x)": x + y}
              ^
c.yaml:3:36: error: 'y' is not known here
  functions: {exp(x): x, "f(x)": x + y}
                                     ^
hint: known: x)~"},
    {R"~(parameters: {T: 4}
functions: {"f(x)": x + y}
inputs: ["A[t]", "B[t]"]
outputs: [Z]
)~",
     R"~(  Z = A[t]
  Y[t] = A[t]
)~",
     R"~(c.yaml:3:25: error: 'y' is not known here
  functions: {"f(x)": x + y}
                          ^
hint: known: x)~"},
    {R"~(parameters: {T: 4}
inputs: ["A[t]", "B[t]"]
outputs: [Z]
)~",
     R"~(  Z = A[t]
  Y[t] = A[t]
)~",
     R"~(c.yaml:3:19: error: no Einsum reads the input 'B'
  inputs: ["A[t]", "B[t]"]
                    ^
c.yaml:7:3: error: nothing reads 'Y'
    Y[t] = A[t]
    ^
hint: add it to `outputs:`, or remove it)~"},
    {R"~(parameters: {T: 4}
require: {"T > 5": too few steps}
element_bits: 99
inputs: ["A[t]"]
)~",
     R"~()~",
     R"~(c.yaml:3:11: error: too few steps
  require: {"T > 5": too few steps}
            ^
hint: change the parameters
c.yaml:4:15: error: element_bits is 99, 1 to 64 are possible
  element_bits: 99
                ^)~"},
};
// clang-format on

TEST_CASE("each mistake of a cascade is told with its place and a hint") {
  for (const Mistaken& m : mistaken) {
    CAPTURE(m.head);
    CAPTURE(m.einsums);
    CHECK(error_of([&] {
            parse_cascade("name: c\n" + m.head + "einsums: |\n" + m.einsums, "c.yaml");
          }) == m.message);
  }
}

TEST_CASE("a parameter that the cascade does not have is told") {
  const std::string text =
      "name: c\nparameters: {M: 2}\ninputs: [\"A[m]\"]\neinsums: |\n  Z = A[m]\n";
  CHECK(error_of([&] {
          parse_cascade(text, "c.yaml", {{"N", "3"}});
        }) == "--set: error: the cascade has no parameter 'N'\nhint: known: M");
}

}  // namespace
}  // namespace sluice
