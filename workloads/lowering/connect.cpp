// SPDX-License-Identifier: Apache-2.0
#include "workloads/lowering/connect.hpp"

#include <algorithm>

namespace sluice {
namespace {

Source whole(const Stored& stored) {
  return {stored, *project(stored.form, stored.form), {}, 0, {}};
}

std::uint64_t elements_of(const std::vector<Stored>& producers) {
  std::uint64_t sum = 0;
  for (const Stored& producer : producers) sum += producer.form.elements();
  return sum;
}

/// `stored` in a form that it is copied to, unless it has that already.
Stored in_form(Composer& composer, const Stored& stored, const Form& form,
               const OperandName& name) {
  if (stored.form == form) return stored;
  if (project(stored.form, form))
    return composer.add(lower_view(form, stored.form), {whole(stored)}, name.text(), name.text());
  const Form line = matrix_form({form.elements()});
  const Stored flat = in_form(composer, stored, line, {name.prefix, name.tensor + "F"});
  return composer.add(lower_view(form, line), {Source{flat, *project(form, line), {}, 0, {}}},
                      name.text(), name.text());
}

/// One tensor of rows with the features that all of `producers` have, or else of all in a line.
Stored joined(Composer& composer, const std::vector<Stored>& producers, const OperandName& name) {
  const std::uint64_t features = producers.front().form.features;
  const bool rows =
      std::ranges::all_of(producers, [&](const Stored& p) { return p.form.features == features; });
  std::vector<std::optional<Source>> sources;
  std::vector<Form> forms;
  for (std::size_t k = 0; k < producers.size(); ++k) {
    const std::uint64_t count = producers[k].form.elements();
    const Form form = rows ? matrix_form({count / features, features}) : matrix_form({count});
    const std::string part = name.tensor + std::to_string(k);
    sources.push_back(whole(in_form(composer, producers[k], form, {name.prefix, part})));
    forms.push_back(form);
  }
  if (forms.size() == 1) return sources.front()->stored;
  return composer.add(lower_concatenation(forms), sources, name.text(), name.text());
}

/// Elements, or rows where the features are the same, that an index tensor chooses.
Source choose(Composer& composer, const Port& wanted, const Stored& from, const OperandName& name) {
  const Form& form = wanted.form;
  const bool rows =
      from.form.sizes.size() == 2 && !form.image && from.form.features == form.features;
  const Stored stored =
      rows ? from : in_form(composer, from, matrix_form({from.form.elements()}), name);
  Source source{stored, {}, {}, 0, {}};
  source.projection.sums.resize(stored.form.sizes.size());
  Form chosen{false, {}, {}, 1};
  for (std::size_t d = 0; d < form.sizes.size(); ++d) {
    if (rows && form.strides[d] < form.features) {
      source.projection.sums[1].terms.push_back({d, form.strides[d]});
      continue;
    }
    source.by.push_back(d);
    chosen.sizes.push_back(form.sizes[d]);
    chosen.strides.push_back(form.strides[d]);
  }
  if (chosen.sizes.empty()) chosen = matrix_form({1});
  const OperandName index{name.prefix, name.tensor == "X" ? "I" : "I" + name.tensor};
  source.chosen_by = composer.add_input(index.text(), chosen).tensor;
  return source;
}

}  // namespace

Source arrange(Composer& composer, const Port& wanted, const Stored& stored,
               const OperandName& name, std::uint64_t offset) {
  const auto direct = project(wanted.form, stored.form, offset);
  if (direct) return {stored, *direct, {}, 0, {}};
  const bool all = wanted.form.elements() == stored.form.elements();
  const Form form = all && project(stored.form, wanted.form)
                        ? wanted.form
                        : matrix_form({stored.form.elements()});
  const Stored line = in_form(composer, stored, form, name);
  return {line, *project(wanted.form, line.form, offset), {}, 0, {}};
}

Source connect(Composer& composer, const Port& wanted, const std::vector<Stored>& producers,
               const OperandName& name) {
  if (elements_of(producers) != wanted.form.elements())
    return choose(composer, wanted, joined(composer, producers, name), name);
  if (producers.size() == 1) return arrange(composer, wanted, producers.front(), name);
  return arrange(composer, wanted, joined(composer, producers, name), name);
}

}  // namespace sluice
