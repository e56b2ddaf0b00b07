// SPDX-License-Identifier: Apache-2.0
// Recurrences along several ranks: an order that respects all of them is found, or told to be none.
#include <doctest/doctest.h>

#include "tests/base/errors.hpp"
#include "tests/workloads/shipped_cascades.hpp"
#include "workloads/cascade/graph.hpp"

namespace sluice {
namespace {

Cascade read(const std::string& head, const std::string& einsums) {
  return parse_cascade("name: c\n" + head + "einsums: |\n" + einsums, "c.yaml");
}

/// Layer by layer over all tokens, each gate by its formula.
struct Lstm {
  std::size_t layers, tokens, width;
  std::vector<double> last, cells;

  Lstm(std::size_t l, std::size_t t, std::size_t d, const Computed& run)
      : layers(l), tokens(t), width(d) {
    const auto w = run.in("W", l, 4, d, d), u = run.in("U", l, 4, d, d);
    const auto b = run.in("B", l, 4, d);
    const auto h0 = run.in("H0", l, d), c0 = run.in("C0", l, d);
    const auto x = run.in("X", t, d);
    Elements<2> below({t, d}), cell_end({l, d});
    for (std::size_t i = 0; i < t; ++i)
      for (std::size_t k = 0; k < d; ++k) below.set(x(i, k), i, k);
    for (std::size_t layer = 0; layer < l; ++layer) {
      Elements<2> above({t, d});
      std::vector<long double> hidden(d), cell(d);
      for (std::size_t k = 0; k < d; ++k) hidden[k] = h0(layer, k), cell[k] = c0(layer, k);
      for (std::size_t i = 0; i < t; ++i) {
        const auto before = hidden;
        for (std::size_t k = 0; k < d; ++k) {
          std::array<long double, 4> gate{};
          for (std::size_t g = 0; g < 4; ++g) {
            gate[g] = b(layer, g, k);
            for (std::size_t e = 0; e < d; ++e)
              gate[g] += below(i, e) * w(layer, g, k, e) + before[e] * u(layer, g, k, e);
          }
          cell[k] = sigmoid(gate[1]) * cell[k] + sigmoid(gate[0]) * std::tanh(gate[3]);
          hidden[k] = sigmoid(gate[2]) * std::tanh(cell[k]);
          above.set(hidden[k], i, k);
        }
      }
      for (std::size_t k = 0; k < d; ++k) cell_end.set(cell[k], layer, k);
      below = above;
    }
    last = below.values();
    cells = cell_end.values();
  }
};

TEST_CASE("a stack of LSTM layers is computed along layers and tokens") {
  for (const auto& [layers, tokens, width] :
       {std::array<std::size_t, 3>{2, 8, 6}, {3, 5, 4}, {1, 1, 1}, {4, 1, 3}, {1, 7, 2}}) {
    CAPTURE(layers);
    const Computed run(load_shipped("lstm", {{"L", layers}, {"T", tokens}, {"D", width}}), 41);
    const Lstm exact(layers, tokens, width, run);
    CHECK(distance(run.values.at("Y"), exact.last) <= 1e-12);
    CHECK(distance(run.values.at("CN"), exact.cells) <= 1e-12);
  }
  const CascadeFacts facts = facts_of(load_shipped("lstm"));
  // 2 layers, 8 tokens, 4 gates, two matrices of 6 x 6.
  CHECK(facts.operations.at("mac") == 2 * 8 * 4 * 2 * 6 * 6);
  CHECK(facts.operations.at("sigmoid") == 2 * 8 * 3 * 6);
  CHECK(facts.operations.at("tanh") == 2 * 8 * 2 * 6);
  CHECK(facts.recurrences == std::vector<RecurrenceFacts>{{"l", 1, {"H"}}, {"t", 1, {"H", "C"}}});
  CHECK(passes_of("lstm", "t") == 1);
  CHECK(passes_of("lstm", "l") == 1);
}

const std::string alignment_head =
    "parameters: {I: 5, J: 4}\niterative: {i: i >= I, j: j >= J}\n"
    "inputs: [\"A[i]\", \"B[j]\"]\noutputs: [Z]\n";
const std::string alignment =
    "  D[0,0] = 0\n  D[i+1,0] = i + 1\n  D[0,j+1] = j + 1\n"
    "  N[i,j] = min(D[i,j] + min(abs(A[i] - B[j]), 1), D[i,j+1] + 1, D[i+1,j] + 1)\n"
    "  D[i+1,j+1] = N[i,j]\n  Z = D[I,J]\n";

TEST_CASE("an edit distance is a recurrence along two ranks") {
  const Cascade c = read(alignment_head, alignment);
  // kitte, sitte, sitse, sits: three changes.
  const std::vector<double> kitte = {'k', 'i', 't', 't', 'e'}, sits = {'s', 'i', 't', 's'};
  CHECK(evaluate_cascade(c, {{"A", kitte}, {"B", sits}}).at("Z") == std::vector<double>{3});
  const CascadeFacts facts = facts_of(c);
  CHECK(facts.recurrences == std::vector<RecurrenceFacts>{{"i", 1, {"D"}}, {"j", 1, {"D"}}});
  const std::vector<CascadeStep> steps = schedule_of(c);
  const auto cycle = std::ranges::find(steps, "i", &CascadeStep::rank);
  REQUIRE(cycle != steps.end());
  REQUIRE(cycle->inner.size() == 1);
  CHECK(cycle->inner[0].rank == "j");
  CHECK(cycle->einsums == std::vector<std::size_t>{3, 4});
}

TEST_CASE("a rank that is read ahead runs inside of the one that orders it") {
  // Each row from the next column of the row before: i outside, j in any order.
  const Cascade c = read(
      "parameters: {I: 3, J: 4}\niterative: {j: j >= J, i: i >= I}\ninputs: [\"A[7]\", \"B[j]\"]\n"
      "outputs: [Z]\n",
      "  S[0,j] = A[j]\n  S[i+1,j+1] = S[i,j] + S[i+1,j] * 0\n  S[i+1,0] = B[0]\n  Z[j] = "
      "S[I,j]\n");
  const std::vector<double> a = {1, 2, 3, 4, 5, 6, 7}, b = {9, 9, 9, 9};
  CHECK(evaluate_cascade(c, {{"A", a}, {"B", b}}).at("Z") == std::vector<double>{9, 9, 9, 1});
  const Cascade ahead = read(
      "parameters: {I: 2, J: 4}\niterative: {i: i >= I, j: j >= J}\ninputs: [\"A[j]\"]\n"
      "outputs: [Z, Z2]\n",
      "  S[0,j] = A[j]\n  S[i+1,j] = S[i,j+1] + 1 where j + 1 < J\n  Z = S[I,0]\n"
      "  T[0] = 0\n  T[j+1] = T[j] + A[j]\n  Z2 = T[J]\n");
  CHECK(evaluate_cascade(ahead, {{"A", {1, 2, 3, 4}}}).at("Z") == std::vector<double>{5});
  CHECK(carried_text(edges_of(ahead)[1]) == " +1 i -1 j");
}

TEST_CASE("a cycle that no order of its ranks respects is told") {
  const auto mistake = [](const std::string& head, const std::string& einsums) {
    return error_of([&] { read(head, einsums); });
  };
  // S needs R of the same i, R needs S of the next but one.
  CHECK(
      mistake("parameters: {I: 4, J: 4}\niterative: {i: i >= I, j: j >= J}\ninputs: [\"A[i,j]\"]\n",
              "  S[0,j] = 0\n  S[i+1,j] = S[i,j+1] + R[i,j] where j + 1 < J\n"
              "  S[i+1,3] = 0\n  R[i,0] = 0\n  R[i,j+1] = S[i+2,j] + A[i,j] where i + 2 < I\n"
              "  Z = S[I,0] + R[0,J]\n") ==
      "c.yaml:7:3: error: these need each other, and no iterative rank orders them: S, R\n"
      "    S[i+1,j] = S[i,j+1] + R[i,j] where j + 1 < J\n"
      "    ^\n"
      "hint: a recurrence writes RM[m1+1,p] and reads RM[m1,p], with m1 under `iterative:`");
  // What is read in the other direction comes too late, wherever the loops are.
  CHECK(mistake("parameters: {T: 4}\niterative: {t: t >= T}\n",
                "  A[0] = 1\n  B[t] = A[3-t]\n  A[t+1] = A[t] + B[t]\n  Z = A[T]\n") ==
        "c.yaml:6:3: error: these need each other, and no iterative rank orders them: B, A\n"
        "    B[t] = A[3-t]\n"
        "    ^\n"
        "hint: a recurrence writes RM[m1+1,p] and reads RM[m1,p], with m1 under `iterative:`");
  // So does a sum over all that is still to come.
  CHECK(mistake("parameters: {T: 4}\niterative: {t: t >= T}\n",
                "  A[0] = 1\n  X = A[t]\n  A[t+1] = A[t] + X\n  Z = A[T]\n") ==
        "c.yaml:6:3: error: these need each other, and no iterative rank orders them: X, A\n"
        "    X = A[t]\n"
        "    ^\n"
        "hint: a recurrence writes RM[m1+1,p] and reads RM[m1,p], with m1 under `iterative:`");
}

TEST_CASE("a stencil along a rank that is not iterative is told where it reads") {
  const auto mistake = [](const std::string& head, const std::string& einsums) {
    return error_of([&] { read(head, einsums); });
  };
  CHECK(mistake("parameters: {I: 4}\ninputs: [\"A[i]\"]\n",
                "  S[0] = 0\n  S[i] = S[i-1] + A[i] where i >= 1\n  Z[i] = S[i]\n") ==
        "c.yaml:6:12: error: 'S' is made at i from itself at i-1, but the rank 'i' is not "
        "iterative\n"
        "    S[i] = S[i-1] + A[i] where i >= 1\n"
        "             ^\n"
        "hint: put i under `iterative:`, or give each step a rank of its own");
  // Inside of an iterative rank that does not carry it, ahead or behind.
  const std::string steps =
      "parameters: {I: 4, T: 3}\niterative: {t: t >= T}\n"
      "inputs: [\"A[i]\"]\n";
  CHECK(mistake(steps,
                "  S[0,i] = A[i]\n  S[t+1,i] = S[t,i] + S[t+1,i+1] where i + 1 < I\n"
                "  S[t+1,3] = A[0]\n  Z[i] = S[T,i]\n") ==
        "c.yaml:7:29: error: 'S' is made at i from itself at i+1, but the rank 'i' is not "
        "iterative\n"
        "    S[t+1,i] = S[t,i] + S[t+1,i+1] where i + 1 < I\n"
        "                              ^\n"
        "hint: put i under `iterative:`, or give each step a rank of its own");
  // Of the step before, all may be read: a stencil with a rank of its own for steps.
  const Cascade c = read(steps,
                         "  S[0,i] = A[i]\n  S[t+1,i] = S[t,i] + S[t,i-1] where i >= 1\n"
                         "  S[t+1,0] = A[0]\n  Z[i] = S[T,i]\n");
  CHECK(evaluate_cascade(c, {{"A", {1, 0, 0, 0}}}).at("Z") == std::vector<double>{1, 3, 3, 1});
  // With i iterative the running sum is one.
  const Cascade sum = read("parameters: {I: 4}\niterative: {i: i >= I}\ninputs: [\"A[i]\"]\n",
                           "  S[0] = 0\n  S[i] = S[i-1] + A[i] where i >= 1\n  Z[i] = S[i]\n");
  CHECK(evaluate_cascade(sum, {{"A", {5, 1, 2, 3}}}).at("Z") == std::vector<double>{0, 1, 3, 6});
}

}  // namespace
}  // namespace sluice
