// SPDX-License-Identifier: Apache-2.0
// Loop orders that can differ in any count. A tensor that does not slide only asks which loops
// run inside of the innermost one that moves it: there, its tile stays. One order is left out for
// another where every tensor stays in at least as many loops, or sees the same.
#include <algorithm>

#include "mapper/search/space.hpp"

namespace sluice::search {
namespace {

/// What a tensor sees of an order.
struct View {
  std::uint32_t stays = 0;             ///< ranks that run inside of all that move it
  std::vector<std::uint32_t> windows;  ///< of a sliding one: loops inward from a wholly new tile
  bool covers(const View& other) const {
    return (other.stays & ~stays) == 0 && windows == other.windows;
  }
};

using Order = std::vector<std::uint8_t>;

View view_of(const Order& order, const Space& space, std::size_t tensor) {
  const std::uint32_t relevant = space.relevant(tensor);
  std::uint32_t sliding = space.sliding(tensor);
  if (space.options.convention == CountConvention::accelforge) sliding = 0;
  View view;
  bool moved = false;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::uint32_t rank = 1u << order[i];
    if ((relevant & rank) == 0) {
      if (!moved) view.stays |= rank;
      if (sliding != 0) {  // neighbours that do not move it may change places
        if (view.windows.empty() || (view.windows.back() & relevant) != 0)
          view.windows.push_back(rank);
        else
          view.windows.back() |= rank;
      }
      continue;
    }
    if ((sliding & rank) == 0) break;
    if (space.options.convention == CountConvention::timeloop) {
      view.windows =
          i + 1 == order.size() ? std::vector<std::uint32_t>{rank} : std::vector<std::uint32_t>{};
      return view;
    }
    moved = true;
    view.windows.push_back(rank);
  }
  if (!moved) view.windows.clear();  // nothing slides
  return view;
}

struct Candidate {
  Order order;
  std::vector<View> views;
};

bool covers(const Candidate& a, const Candidate& b) {
  for (std::size_t t = 0; t < a.views.size(); ++t)
    if (!a.views[t].covers(b.views[t])) return false;
  return true;
}

}  // namespace

Orders Space::make_orders(std::uint32_t mask) const {
  Order order;
  for (std::uint8_t rank = 0; rank < ranks.size(); ++rank)
    if ((mask >> rank & 1) != 0) order.push_back(rank);
  std::vector<Candidate> kept;
  Orders all;
  do {
    if (options.exhaustive) {
      all.push_back(order);
      continue;
    }
    Candidate candidate{order, {}};
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      candidate.views.push_back(view_of(order, *this, t));
    const auto better = [&](const Candidate& other) { return covers(other, candidate); };
    if (std::any_of(kept.begin(), kept.end(), better)) continue;
    std::erase_if(kept, [&](const Candidate& other) { return covers(candidate, other); });
    kept.push_back(std::move(candidate));
  } while (std::next_permutation(order.begin(), order.end()));
  for (Candidate& candidate : kept) all.push_back(std::move(candidate.order));
  return all;
}

const Orders& Space::orders(std::uint32_t mask, std::size_t level) const {
  // Without a latch, compute takes its operands at every step, in whatever order.
  const bool last = level + 1 == hierarchy.levels.size();
  const bool one = last && !latched_ && !options.exhaustive;
  OrdersOfMask& entry = orders_[one ? mask + (std::size_t{1} << ranks.size()) : mask];
  std::call_once(entry.once, [&] {
    if (!one) {
      entry.orders = make_orders(mask);
      return;
    }
    Order order;
    for (std::uint8_t rank = 0; rank < ranks.size(); ++rank)
      if ((mask >> rank & 1) != 0) order.push_back(rank);
    entry.orders = {order};
  });
  return entry.orders;
}

}  // namespace sluice::search
