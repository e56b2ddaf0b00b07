// SPDX-License-Identifier: Apache-2.0
// Parts that look at one element at a time: activations, sums of tensors, copies.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "workloads/lowering/part.hpp"

namespace sluice {
namespace {

/// Names of the ranks of a tensor with so many dimensions.
std::vector<std::string> rank_names(const Form& form) {
  switch (form.image ? 0 : form.sizes.size()) {
    case 0:
      return {"n", "c", "p", "q"};
    case 1:
      return {"i"};
    case 2:
      return {"m", "n"};
    case 3:
      return {"e", "m", "n"};
    default:
      break;
  }
  std::vector<std::string> names;
  for (std::size_t d = 0; d < form.sizes.size(); ++d) names.push_back(fmt::format("d{}", d));
  return names;
}

std::string access(std::string_view tensor, const std::vector<std::string>& indices) {
  return fmt::format("{}[{}]", tensor, fmt::join(indices, ","));
}

CascadeDraft draft_over(const Form& form, const std::vector<std::string>& names) {
  CascadeDraft draft;
  for (std::size_t d = 0; d < names.size(); ++d) draft.ranks.emplace_back(names[d], form.sizes[d]);
  return draft;
}

/// What becomes of the element `x`, for kinds that have trained numbers; `channel` is its index.
std::string trained(ElementwiseKind kind, const std::string& x, const std::string& channel,
                    CascadeDraft& draft) {
  const auto needs = [&](const std::string& tensor) {
    draft.inputs.push_back(tensor);
    return tensor;
  };
  if (kind == ElementwiseKind::scale) return x + " * " + needs("FACTOR");
  if (kind == ElementwiseKind::bias) return x + " + " + needs("BIAS" + channel);
  const std::string scale = needs("SCALE" + channel);
  return x + " * " + scale + " + " + needs("SHIFT" + channel);
}

/// The same of every kind that looks at one element.
std::string expression(ElementwiseKind kind, const std::string& x, const std::string& channel,
                       CascadeDraft& draft) {
  const auto function = [&](std::string_view body) {
    draft.functions.push_back(fmt::format("{}(x): {}", name_of(kind), body));
    return fmt::format("{}({})", name_of(kind), x);
  };
  switch (kind) {
    case ElementwiseKind::relu:
      return fmt::format("max({}, 0)", x);
    case ElementwiseKind::relu6:
      return fmt::format("min(max({}, 0), 6)", x);
    case ElementwiseKind::hard_sigmoid:  // A. Howard and others, arXiv:1905.02244, section 5.2
      return function("min(max(x + 3, 0), 6) / 6");
    case ElementwiseKind::hard_swish:
      return function("x * min(max(x + 3, 0), 6) / 6");
    case ElementwiseKind::gelu:  // D. Hendrycks, K. Gimpel, arXiv:1606.08415, exact form
      return function("0.5 * x * (1 + erf(x * 0.7071067811865476))");
    case ElementwiseKind::silu:
      return function("x * sigmoid(x)");
    case ElementwiseKind::sigmoid:
    case ElementwiseKind::tanh:
    case ElementwiseKind::exp:
    case ElementwiseKind::sin:
      return fmt::format("{}({})", name_of(kind), x);
    case ElementwiseKind::scale:
    case ElementwiseKind::bias:
    case ElementwiseKind::batch_norm:
      return trained(kind, x, channel, draft);
    case ElementwiseKind::add:
    case ElementwiseKind::multiply:
    case ElementwiseKind::complex_multiply:
    case ElementwiseKind::rope:
      break;  // not of one element
  }
  return x;
}

/// Pairs (x0, x1) of neighbours in a row become (x0 cos - x1 sin, x1 cos + x0 sin); J. Su and
/// others, RoFormer, arXiv:2104.09864, equation 34. SIN[..,0] holds the sines with a minus.
Part lower_rope(const Form& form) {
  std::vector<std::string> names = rank_names(form), rows = names;
  CascadeDraft draft = draft_over(form, names);
  draft.ranks.back() = {"j", form.sizes.back() / 2};
  draft.ranks.emplace_back("z", 2);
  rows.back() = "j";
  std::vector<std::string> own = rows, other = rows, pair = rows;
  own.back() = "2*j+z";
  other.back() = "2*j+1-z";
  pair.emplace_back("z");
  std::vector<std::string> declared = rows;
  declared.back() = fmt::format("{}", form.sizes.back());
  draft.inputs = {access("X", declared), access("COS", rows), access("SIN", pair)};
  draft.einsums = {fmt::format("{} = {} * {} + {} * {}", access("Y", own), access("X", own),
                               access("COS", rows), access("X", other), access("SIN", pair))};
  return {draft.parse(), {{"X", form}}, "Y", form};
}

/// Neighbours are real and imaginary parts: (a0, a1) (b0, b1) = (a0 b0 - a1 b1, a0 b1 + a1 b0), the
/// parts in a dimension of their own. Of `small`, all elements are repeated.
Part lower_complex(std::uint64_t large, std::uint64_t small) {
  const Form b = matrix_form({small / 2, 2});
  const Form a = large == small ? b : matrix_form({large / small, small / 2, 2});
  std::vector<std::string> names = rank_names(a), part = rank_names(b);
  CascadeDraft draft = draft_over(a, names);
  draft.inputs = {access("A", names), access("B", part)};
  const auto real = [](std::string_view tensor, std::vector<std::string> indices) {
    indices.back() = "0";
    return access(tensor, indices);
  };
  const auto imaginary = [](std::string_view tensor, std::vector<std::string> indices) {
    indices.back() = "1";
    return access(tensor, indices);
  };
  draft.einsums = {fmt::format("{} = {} * {} - {} * {}", real("Y", names), real("A", names),
                               real("B", part), imaginary("A", names), imaginary("B", part)),
                   fmt::format("{} = {} * {} + {} * {}", imaginary("Y", names), real("A", names),
                               imaginary("B", part), imaginary("A", names), real("B", part))};
  return {draft.parse(), {{"A", a}, {"B", b}}, "Y", a};
}

/// `large` seen as repetitions of `small`, or as runs of its elements.
Form repeated(const Form& large, const Form& small, bool runs) {
  const std::uint64_t times = large.elements() / small.elements();
  Form form = small;
  form.image = false;
  form.features = large.features;
  if (runs) {
    for (std::uint64_t& stride : form.strides) stride *= times;
    form.sizes.push_back(times);
    form.strides.push_back(1);
  } else {
    form.sizes.insert(form.sizes.begin(), times);
    form.strides.insert(form.strides.begin(), small.elements());
  }
  return form;
}

}  // namespace

Part lower_unary(ElementwiseKind kind, const Form& form) {
  if (kind == ElementwiseKind::rope) {
    if (!form.image && form.sizes.back() % 2 == 0) return lower_rope(form);
    return lower_rope(matrix_form({form.elements()}));
  }
  const std::vector<std::string> names = rank_names(form);
  CascadeDraft draft = draft_over(form, names);
  draft.inputs = {access("X", names)};
  const std::string channel = "[" + (form.image ? names[1] : names.back()) + "]";
  draft.einsums = {access("Y", names) + " = " +
                   expression(kind, access("X", names), channel, draft)};
  return {draft.parse(), {{"X", form}}, "Y", form};
}

Part lower_expert_bias(const Form& form) {
  const std::vector<std::string> names = rank_names(form);
  CascadeDraft draft = draft_over(form, names);
  draft.inputs = {access("X", names), "BIAS[e,n]"};
  draft.einsums = {access("Y", names) + " = " + access("X", names) + " + BIAS[e,n]"};
  return {draft.parse(), {{"X", form}}, "Y", form};
}

Part lower_binary(ElementwiseKind kind, const Form& large, const Form& small) {
  if (kind == ElementwiseKind::complex_multiply)
    return lower_complex(large.elements(), small.elements());
  const bool same = large.elements() == small.elements();
  // Its last dimension is that of the other (a table of positions), or it has one number a row.
  const bool runs =
      small.features != large.features && small.elements() * large.features == large.elements();
  const Form form = same ? large : repeated(large, small, runs);
  const std::vector<std::string> names = rank_names(form);
  CascadeDraft draft = draft_over(form, names);
  std::vector<std::string> part = names;
  if (!same) part.erase(runs ? part.end() - 1 : part.begin());
  draft.inputs = {access("A", names), access("B", part)};
  draft.einsums = {fmt::format("{} = {} {} {}", access("Y", names), access("A", names),
                               kind == ElementwiseKind::add ? "+" : "*", access("B", part))};
  return {draft.parse(), {{"A", form}, {"B", same ? form : small}}, "Y", form};
}

Part lower_view(const Form& wanted, const Form& stored) {
  if (const auto forward = project(stored, wanted)) {
    const std::vector<std::string> names = rank_names(stored);
    CascadeDraft draft = draft_over(stored, names);
    std::vector<std::string> indices;
    for (const Projection::Sum& sum : forward->sums) {
      std::vector<std::string> terms;
      for (const Projection::Term& term : sum.terms)
        terms.push_back(fmt::format("{}*{}", names[term.dimension], term.factor));
      indices.push_back(terms.empty() ? "0" : fmt::format("{}", fmt::join(terms, "+")));
    }
    draft.inputs = {access("X", names)};
    draft.einsums = {access("Y", indices) + " = " + access("X", names)};
    return {draft.parse(), {{"X", stored}}, "Y", wanted};
  }
  const std::vector<std::string> names = rank_names(wanted);
  CascadeDraft draft = draft_over(wanted, names);
  draft.inputs = {access("X", names)};
  draft.einsums = {access("Y", names) + " = " + access("X", names)};
  return {draft.parse(), {{"X", wanted}}, "Y", wanted};
}

Part lower_concatenation(const std::vector<Form>& forms) {
  CascadeDraft draft;
  Part part;
  std::uint64_t rows = 0;
  const bool line = forms.front().sizes.size() == 1;
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const std::string tensor = fmt::format("X{}", k), row = fmt::format("m{}", k);
    draft.ranks.emplace_back(row, forms[k].sizes[0]);
    draft.inputs.push_back(fmt::format("{}[{}{}]", tensor, row, line ? "" : ",n"));
    draft.einsums.push_back(
        fmt::format("Y[{0}+{1}{2}] = {3}[{0}{2}]", row, rows, line ? "" : ",n", tensor));
    part.ports.push_back({tensor, forms[k]});
    rows += forms[k].sizes[0];
  }
  if (!line) draft.ranks.emplace_back("n", forms.front().sizes[1]);
  part.cascade = draft.parse();
  part.output = "Y";
  part.form = line ? matrix_form({rows}) : matrix_form({rows, forms.front().sizes[1]});
  return part;
}

Part lower_cache(const Attention& a, std::uint64_t fresh) {
  const std::uint64_t past = a.context_length - fresh;
  CascadeDraft draft{
      {{"b", a.batch}, {"h", a.kv_heads}, {"e", a.head_width}, {"t", past}, {"u", fresh}},
      {},
      {"CACHE[b,h,e,t]", "X[b,h,e,u]"},
      {"Y[b,h,e,t] = CACHE[b,h,e,t]", fmt::format("Y[b,h,e,u+{}] = X[b,h,e,u]", past)}};
  const std::uint64_t features = a.kv_heads * a.head_width;
  return {draft.parse(),
          {{"X", key_form(a, fresh, features)}},
          "Y",
          key_form(a, a.context_length, features)};
}

}  // namespace sluice
