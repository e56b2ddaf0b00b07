// SPDX-License-Identifier: Apache-2.0
// Einsums of cascades as problems of a mapper.
#include <doctest/doctest.h>

#include "mapper/nest/problems.hpp"
#include "workloads/cascade/load.hpp"

namespace sluice {
namespace {

CascadeProblems problems(const std::string& body, const ProblemOptions& options = {}) {
  return problems_of(parse_cascade("name: c\n" + body, "c.yaml"), options);
}

const EinsumProblem& named(const CascadeProblems& problems, const std::string& name) {
  for (const EinsumProblem& einsum : problems.problems)
    if (einsum.problem.name == name) return einsum;
  FAIL("no problem ", name);
  return problems.problems.front();
}

using Texts = std::vector<std::string>;

TEST_CASE("strides and dilations are coefficients, constants are dropped") {
  const CascadeProblems made = problems(R"(
ranks: {c: 3, p: 8, r: 2, k: 4}
inputs: ["I[c, 20]", "F[k,c,r]"]
einsums: |
  O[k,p] = I[c, 2*p+3*r+1] * F[k,c,r]
)");
  REQUIRE(made.problems.size() == 1);
  CHECK(made.left_out.empty());
  const Problem& conv = made.problems[0].problem;
  CHECK(conv.name == "O");
  CHECK(conv.ranks ==
        std::vector<NestRank>{{"k", 4, false}, {"p", 8, false}, {"c", 3, false}, {"r", 2, false}});
  const NestTensor input{"I", {{{2, 1}}, {{1, 2}, {3, 3}}}, false, 16};
  const NestTensor filter{"F", {{{0, 1}}, {{2, 1}}, {{3, 1}}}, false, 16};
  const NestTensor output{"O", {{{0, 1}}, {{1, 1}}}, true, 16};
  CHECK(conv.tensors == std::vector<NestTensor>{input, filter, output});
}

TEST_CASE("readers of a view read what it is a view of") {
  const std::string body = R"(
ranks: {e: 4, m0: 16, m1: 4, p: 8}
inputs: ["Q[e,p]", "K[e, 64]"]
einsums: |
  BK[e,m1,m0] = K[e, m1*M0+m0]
  S[m1,m0,p] = Q[e,p] * BK[e,m1,m0]
)";
  const CascadeProblems made = problems(body);
  REQUIRE(made.problems.size() == 1);
  CHECK(made.left_out == Texts{"BK[e,m1,m0]: a view of K, which its readers read instead"});
  const Problem& scores = made.problems[0].problem;
  CHECK(scores.ranks == std::vector<NestRank>{
                            {"m1", 4, false}, {"m0", 16, false}, {"p", 8, false}, {"e", 4, false}});
  CHECK(scores.tensors[1] == NestTensor{"K", {{{3, 1}}, {{1, 1}, {0, 16}}}, false, 16});
  CHECK(problems(body, {.inline_copies = false}).problems.size() == 2);
}

TEST_CASE("a recurrence makes its rank ordered, and its initial value no Einsum") {
  const CascadeProblems made = problems(R"(
ranks: {p: 4}
iterative: {i: i >= 8}
inputs: ["X[i,p]"]
outputs: [Y, T]
einsums: |
  S[0,p]   = 0
  S[i+1,p] = max(S[i,p], X[i,p])
  T[i,p]   = exp(S[i+1,p] - S[i,p])
  Y[p]     = S[8,p]
)");
  CHECK(made.left_out == Texts{"S[0,p]: an initial value, with which the first touch begins"});
  const EinsumProblem& state = named(made, "S");
  CHECK(state.problem.ranks == std::vector<NestRank>{{"i", 8, true}, {"p", 4, false}});
  // The state before and the state after are two operands of one name.
  REQUIRE(state.problem.tensors.size() == 3);
  CHECK(state.problem.tensors[0].name == "S");
  CHECK_FALSE(state.problem.tensors[0].output);
  CHECK(state.problem.tensors[2].name == "S");
  CHECK(state.problem.tensors[2].output);
  const EinsumProblem& change = named(made, "T");
  CHECK(change.problem.ranks == std::vector<NestRank>{{"i", 8, false}, {"p", 4, false}});
  CHECK(change.notes == Texts{"S[i+1,p] and S[i,p] are counted as one operand"});
  CHECK(named(made, "Y").problem.tensors[0].dimensions ==
        std::vector<NestProjection>{{}, {{0, 1}}});
}

TEST_CASE("every rank of a recurrence is ordered, unless it is turned back") {
  const CascadeProblems made = problems(R"(
iterative: {i: i >= 5, j: j >= 4}
inputs: ["X[i,j]", "A[4]"]
outputs: [Y, Z]
einsums: |
  S[0,0]     = 0
  S[i+1,0]   = 0
  S[0,j+1]   = 0
  S[i+1,j+1] = max(S[i,j+1], S[i+1,j]) + X[i,j]
  Y          = S[5,4]
  T[0,j]     = A[j]
  T[i+1,j]   = T[i,j+1] + X[i,j] where j < 3
  Z          = T[5,0]
)");
  const EinsumProblem& paths = named(made, "S");
  CHECK(paths.problem.ranks == std::vector<NestRank>{{"i", 5, true}, {"j", 4, true}});
  const std::string start = "an initial value, with which the first touch begins";
  CHECK(made.left_out == Texts{"S[0,0]: " + start, "S[i+1,0]: " + start, "S[0,j+1]: " + start,
                               "T[i+1,j]: its recurrence reads later coordinates of j, which a "
                               "nest does not keep in order"});
}

TEST_CASE("the points that a mask leaves are counted where asked for") {
  const std::string body = R"(
ranks: {m: 4, p: 4}
inputs: ["Q[p]", "K[m]"]
einsums: |
  S[m,p] = Q[p] * K[m] where m <= p
)";
  CHECK(problems(body).problems[0].fraction == 1);
  CHECK(problems(body, {.count_fractions = true}).problems[0].fraction == 10.0 / 16);
}

TEST_CASE("what a problem cannot express is left out and said") {
  const CascadeProblems made = problems(R"(
ranks: {t: 8, k: 3, i: 4, j: 4}
inputs: ["X[16]", "W[k]", "N[i]", "A[i]"]
einsums: |
  Y[t] = X[t-k+2] * W[k]
  Z[t] = X[t-k+2] * W[k] * X[t+k]
  G[i] = A[N[i]]
)");
  CHECK(made.left_out == Texts{"Z: k slides backwards over another rank",
                               "G[i]: A is read through an index tensor"});
  REQUIRE(made.problems.size() == 1);
  CHECK(made.problems[0].notes == Texts{"k is counted backwards"});
}

}  // namespace
}  // namespace sluice
