// SPDX-License-Identifier: Apache-2.0
#include "workloads/lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/diagnostics.hpp"
#include "workloads/lowering/connect.hpp"
#include "workloads/lowering/part.hpp"
#include "workloads/shape.hpp"

namespace sluice {
namespace {

/// A name that tensors may have: letters, digits and underscores.
std::string tensor_name(std::string_view layer) {
  std::string name(layer.empty() || (layer[0] >= '0' && layer[0] <= '9') ? 1 : 0, '_');
  for (const char c : layer) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += fits ? c : '_';
  }
  return name;
}

using Forms = std::map<std::string, Form>;  ///< of the results of layers

bool has_bias(const Operator& op) {
  if (const auto* conv = std::get_if<Conv2d>(&op)) return conv->bias;
  if (const auto* linear = std::get_if<Linear>(&op)) return linear->bias;
  if (const auto* deformable = std::get_if<DeformableConv2d>(&op)) return deformable->conv.bias;
  return false;
}

/// Rows of channels, as far as the layer says.
Form form_of(const Elementwise& e) {
  if (e.channels > 0 && e.elements % e.channels == 0)
    return matrix_form({e.elements / e.channels, e.channels});
  return matrix_form({e.elements});
}

/// Lowers layers one after the other into one cascade.
class Lowering {
 public:
  /// `forms` of the results of all layers of the network; nothing when a layer is lowered by
  /// itself: then operands are inputs, and tensors have no layer in their names.
  Lowering(const LoweringOptions& options, const Forms* forms) : options_(options), forms_(forms) {}

  /// `producers` are the layers that this one reads, in order.
  void add(const Layer& layer, const std::vector<std::string>& producers) {
    producers_ = producers;
    prefix_ = forms_ ? tensor_name(layer.name) : "";
    stages_ = layer.epilogue.size() + (has_bias(layer.op) ? 1 : 0);
    stage_ = 0;
    Stored result = std::visit([&](const auto& op) { return operation(op); }, layer.op);
    if (has_bias(layer.op)) {
      const bool experts = result.form.sizes.size() == 3;
      result = follow(experts ? lower_expert_bias(result.form)
                              : lower_unary(ElementwiseKind::bias, result.form),
                      result);
    }
    for (const ElementwiseKind kind : layer.epilogue)
      result = follow(lower_unary(kind, result.form), result);
    made_.insert_or_assign(layer.name, std::move(result));
  }

  Composer composer;

  /// The tensors that hold the results of those of `layers` that are here.
  std::set<std::string> tensors_of(const std::set<std::string>& layers) const {
    std::set<std::string> names;
    for (const std::string& layer : layers)
      if (const auto found = made_.find(layer); found != made_.end())
        names.insert(found->second.tensor);
    return names;
  }

 private:
  using Sources = std::vector<std::optional<Source>>;

  Stored add_part(const Part& part, const Sources& sources) {
    const std::string own = stage_++ == stages_ ? "" : fmt::format("{}{}", part.output, stage_);
    const std::string output = own.empty()       ? (prefix_.empty() ? part.output : prefix_)
                               : prefix_.empty() ? own
                                                 : prefix_ + "_" + own;
    return composer.add(part, sources, prefix_, output);
  }
  /// A part that reads what the one before it made.
  Stored follow(const Part& part, const Stored& before) {
    return add_part(part, {connect(composer, part.ports[0], {before}, {prefix_, "X"})});
  }
  Sources none(const Part& part) const { return Sources(part.ports.size()); }

  /// Elements of the result of a layer; nothing for the input of the network.
  std::optional<std::uint64_t> elements_of(const std::string& layer) const {
    const auto found = forms_->find(layer);
    return found == forms_->end() ? std::nullopt : std::optional(found->second.elements());
  }

  /// What the layer `name` made. From outside of the range it is an input; the input of the network
  /// has the form that its first reader wants.
  Stored producer(const std::string& name, const Form& wanted) {
    if (const auto found = made_.find(name); found != made_.end()) return found->second;
    const auto known = forms_->find(name);
    Form form = known != forms_->end() ? known->second : wanted;
    return made_.emplace(name, composer.add_input(tensor_name(name), form)).first->second;
  }
  std::vector<Stored> producers(const std::vector<std::string>& names, const Form& wanted) {
    std::vector<Stored> result;
    for (const std::string& name : names) result.push_back(producer(name, wanted));
    return result;
  }
  Source source_of(const Port& port, const std::vector<std::string>& names) {
    return connect(composer, port, producers(names, port.form), {prefix_, port.tensor});
  }

  /// The producers of the first and of the second operand: where the first or the second has as
  /// many elements as it needs, they are parted there.
  std::array<std::vector<std::string>, 2> split(std::uint64_t first, std::uint64_t second) const {
    const std::vector<std::string>& all = producers_;
    if (all.size() == 1) return {all, all};
    std::size_t best = 1, most = 0;
    for (std::size_t k = 1; k < all.size(); ++k) {
      std::uint64_t sums[2] = {0, 0};
      for (std::size_t i = 0; i < all.size(); ++i)
        sums[i < k ? 0 : 1] += elements_of(all[i]).value_or(0);
      const std::size_t fitting = (sums[0] == first ? 1u : 0u) + (sums[1] == second ? 1u : 0u);
      if (fitting > most) best = k;
      most = std::max(most, fitting);
    }
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(best);
    return {std::vector(all.begin(), middle), std::vector(middle, all.end())};
  }

  Stored operation(const auto& op) {
    const Part part = lower_operator(op, options_);
    if (!forms_ || part.ports.empty()) return add_part(part, none(part));
    return add_part(part, {source_of(part.ports[0], producers_)});
  }

  Stored operation(const MatMul& op) {
    const Part part = lower_operator(op, options_);
    if (!forms_) return add_part(part, none(part));
    const auto [a, b] = split(part.ports[0].form.elements(), part.ports[1].form.elements());
    return add_part(part, {source_of(part.ports[0], a), source_of(part.ports[1], b)});
  }

  /// The form that an elementwise operation leaves as it is: that of its operand, or of rows that
  /// are joined; else what the layer says.
  static Form kept_form(const std::vector<Stored>& operands, const Form& otherwise) {
    const Form& first = operands[0].form;
    if (operands.size() == 1) return first.elements() == otherwise.elements() ? first : otherwise;
    const bool rows = std::ranges::all_of(
        operands, [&](const Stored& operand) { return operand.form.features == first.features; });
    if (!rows || otherwise.elements() % first.features != 0) return otherwise;
    return matrix_form({otherwise.elements() / first.features, first.features});
  }

  Stored operation(const DeformableConv2d& d) {
    const Part part = lower_operator(d, options_);
    Sources sources = none(part);
    if (!forms_) return add_part(part, sources);
    const Conv2d& c = d.conv;
    sources[0] = source_of(part.ports[0], {producers_[0]});
    const Stored offsets = producer(
        producers_.back(), image_form(c.batch, offset_channels(d), out_height(c), out_width(c)));
    const std::vector<OffsetPort> places = offset_ports(d);
    for (std::size_t k = 0; k < places.size(); ++k)
      sources[k + 1] = arrange(composer, part.ports[k + 1], offsets,
                               {prefix_, part.ports[k + 1].tensor}, places[k].first);
    return add_part(part, sources);
  }

  /// The vectors of a selective scan are the last columns of what their producer makes.
  Stored operation(const Scan& s) {
    const Part part = lower_operator(s, options_);
    Sources sources = none(part);
    if (!forms_) return add_part(part, sources);
    for (std::size_t k = 0; k < 2; ++k)
      sources[k] = source_of(part.ports[k], {producers_[std::min(k, producers_.size() - 1)]});
    if (s.kind == ScanKind::gated) return add_part(part, sources);
    const std::uint64_t steps = s.batch * s.length;
    const Stored stored = producer(producers_.back(), matrix_form({steps, 2 * s.state}));
    const std::uint64_t features = stored.form.elements() / steps;
    for (std::size_t k = 2; k < 4; ++k) {
      const OperandName name{prefix_, part.ports[k].tensor};
      if (features < 2 * s.state || features * steps != stored.form.elements()) {
        sources[k] = connect(composer, part.ports[k], {stored}, name);
        continue;
      }
      Port port = part.ports[k];
      port.form.strides = {s.length * features, features, 1};
      port.form.features = features;
      sources[k] = arrange(composer, port, stored, name, features - (4 - k) * s.state);
    }
    return add_part(part, sources);
  }

  Stored operation(const Elementwise& e) {
    if (is_binary(e.kind)) return binary(e);
    Form form = form_of(e);
    if (!forms_) {
      const Part part = lower_unary(e.kind, form);
      return add_part(part, none(part));
    }
    const std::vector<Stored> operands = producers(producers_, form);
    form = kept_form(operands, form);
    const Part part = lower_unary(e.kind, form);
    return add_part(part, {connect(composer, part.ports[0], operands, {prefix_, "X"})});
  }

  Stored binary(const Elementwise& e) {
    Form form = form_of(e);
    if (!forms_) {
      const Part part = lower_binary(e.kind, form, form);
      return add_part(part, none(part));
    }
    auto [a, b] = split(e.elements, e.elements);
    std::vector<Stored> large = producers(a, form), small = producers(b, form);
    if (producers_.size() == 1 && large.front().form.elements() == e.elements) {
      // The other operand is made by no layer (a table, a stored spectrum): an input.
      const Part part = lower_binary(e.kind, large.front().form, large.front().form);
      return add_part(part, {connect(composer, part.ports[0], large, {prefix_, "A"}), {}});
    }
    const auto is_whole = [&](const std::vector<Stored>& operand) {
      return operand.size() == 1 && operand[0].form.elements() == e.elements;
    };
    if (!is_whole(large) && is_whole(small)) std::swap(large, small);
    form = kept_form(large, form);
    const bool repeated = small.size() == 1 && small[0].form.elements() < e.elements &&
                          e.elements % small[0].form.elements() == 0;
    const Part part = lower_binary(e.kind, form, repeated ? small[0].form : form);
    return add_part(part, {connect(composer, part.ports[0], large, {prefix_, "A"}),
                           connect(composer, part.ports[1], small, {prefix_, "B"})});
  }

  Stored operation(const Attention& a) {
    const Part part = lower_operator(a, options_);
    Sources sources = none(part);
    if (!forms_) return add_part(part, sources);
    const std::uint64_t width = part.form.features, keys = a.kv_heads * a.head_width;
    const std::uint64_t rows = a.batch * a.query_length;
    const auto made = elements_of(producers_[0]);
    if (producers_.size() == 1 && made && *made == rows * (width + 2 * keys)) {
      const Stored all = producer(producers_[0], matrix_form({rows, width + 2 * keys}));
      const Form query = query_form(a, width + 2 * keys);
      sources[0] = arrange(composer, {"Q", query}, all, {prefix_, "Q"});
      for (std::size_t k = 1; k < 3; ++k)
        sources[k] = keys_from(a, part.ports[k].tensor, all, a.query_length, width + 2 * keys,
                               width + (k - 1) * keys);
      return add_part(part, sources);
    }
    sources[0] = source_of(part.ports[0], {producers_[0]});
    for (std::size_t k = 1; k < producers_.size(); ++k) {
      const Stored stored =
          producer(producers_[k], matrix_form({a.batch * a.context_length, keys}));
      const std::uint64_t count = stored.form.elements() / keys / a.batch;
      if (count * keys * a.batch != stored.form.elements() || count > a.context_length)
        sources[k] = connect(composer, part.ports[k], {stored}, {prefix_, part.ports[k].tensor});
      else
        sources[k] = keys_from(a, part.ports[k].tensor, stored, count, keys, 0);
    }
    return add_part(part, sources);
  }

  /// Keys or values: those of the producer, behind those of the cache.
  Source keys_from(const Attention& a, const std::string& tensor, const Stored& stored,
                   std::uint64_t count, std::uint64_t features, std::uint64_t offset) {
    const OperandName name{prefix_, tensor};
    const Port port{tensor, key_form(a, count, features)};
    const Source fresh = arrange(composer, port, stored, name, offset);
    if (count == a.context_length) return fresh;
    const Stored all = composer.add(lower_cache(a, count), {fresh}, name.text(), name.text());
    return {all, *project(all.form, all.form), {}, 0, {}};
  }

  const LoweringOptions& options_;
  const Forms* forms_;
  std::vector<std::string> producers_;
  std::string prefix_;
  std::size_t stages_ = 0, stage_ = 0;
  std::map<std::string, Stored> made_;
};

/// The layers that the layer at `place` reads.
std::vector<std::string> producers_of(const Network& network, std::size_t place) {
  if (!network.layers[place].inputs.empty()) return network.layers[place].inputs;
  return {place == 0 ? std::string(network_input) : network.layers[place - 1].name};
}

Form form_of(const Shape& shape) {
  if (const auto* image = std::get_if<ImageShape>(&shape))
    return image_form(image->batch, image->channels, image->height, image->width);
  if (const auto* matrix = std::get_if<MatrixShape>(&shape))
    return matrix_form({matrix->rows, matrix->features});
  return matrix_form({elements(shape)});
}

Forms forms_of(const Network& network) {
  Forms forms;
  std::map<std::string, Shape> shapes;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    std::vector<Operand> operands;
    for (const std::string& name : producers_of(network, i)) {
      const auto found = shapes.find(name);
      operands.push_back(
          {name, found == shapes.end() ? std::nullopt : std::optional(found->second)});
    }
    const Layer& layer = network.layers[i];
    const Shape shape = output_shape(layer.op, operands);
    shapes.insert_or_assign(layer.name, shape);
    forms.insert_or_assign(layer.name, form_of(shape));
  }
  return forms;
}

/// The layers of the range that layers outside of it read.
std::set<std::string> read_outside(const Network& network, const LayerRange& range) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < network.layers.size(); ++i)
    if (i < range.first || i > range.last)
      for (const std::string& name : producers_of(network, i)) names.insert(name);
  return names;
}

[[noreturn]] void fail(const std::string& place, std::string message, std::string hint) {
  throw SpecError({{{.path = place}, std::move(message), std::move(hint)}});
}

/// One layer, or a group of layers that follow each other.
LayerRange find_group(const Network& network, const std::string& text, const std::string& place) {
  const std::size_t count = network.layers.size();
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size()) {
    if (number < count) return {number, number};
    fail(place, fmt::format("there is no layer {}", number),
         fmt::format("'{}' has the layers 0 to {}", network.name, count - 1));
  }
  std::vector<std::string> known;
  std::optional<LayerRange> found;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& name = network.layers[i].name;
    if (name == text) return {i, i};
    if (name.starts_with(text + ".")) found = LayerRange{found ? found->first : i, i};
    known.push_back(name);
    for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1))
      if (known.empty() || std::ranges::find(known, name.substr(0, dot)) == known.end())
        known.push_back(name.substr(0, dot));
  }
  if (found) return *found;
  const std::string near = nearest(text, known);
  fail(place, fmt::format("there is no layer {}", quote(text)),
       near.empty()
           ? fmt::format("a place from 0 to {}, a name as `sluice describe` lists them, or "
                         "the first and last of a run: 3..9",
                         count - 1)
           : fmt::format("did you mean '{}'?", near));
}

}  // namespace

Cascade lower(const Layer& layer, const LoweringOptions& options) {
  Lowering lowering(options, nullptr);
  lowering.add(layer, {});
  return lowering.composer.finish(tensor_name(layer.name), fmt::format("Layer {}", layer.name), {},
                                  {});
}

Cascade lower(const Network& network, const LayerRange& range, const LoweringOptions& options) {
  const Forms forms = forms_of(network);
  Lowering lowering(options, &forms);
  for (std::size_t i = range.first; i <= range.last; ++i)
    lowering.add(network.layers[i], producers_of(network, i));
  const std::string& first = network.layers[range.first].name;
  const std::string& last = network.layers[range.last].name;
  return lowering.composer.finish(
      network.name,
      first == last ? fmt::format("Layer {} of {}", first, network.name)
                    : fmt::format("Layers {} to {} of {}", first, last, network.name),
      network.source, lowering.tensors_of(read_outside(network, range)));
}

LayerRange find_layers(const Network& network, const std::string& text, const std::string& place) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return find_group(network, text, place);
  const LayerRange from = find_group(network, text.substr(0, dots), place);
  const LayerRange to = find_group(network, text.substr(dots + 2), place);
  if (to.last < from.first)
    fail(place, fmt::format("'{}' ends before it begins", text), "the first layer comes first");
  return {from.first, to.last};
}

}  // namespace sluice
