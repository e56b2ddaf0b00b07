// SPDX-License-Identifier: Apache-2.0
// Proxies in files: JSON, with a hash of all that is in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dse/proxy/proxy.hpp"

namespace sluice {

/// A proxy that was read, and the hash of its content.
struct StoredProxy {
  Proxy proxy;
  std::uint64_t hash = 0;
};

std::string to_text(const Proxy& proxy);

/// Throws SpecError at `path`: no proxy, of another format, damaged.
StoredProxy read_proxy(std::string_view text, const std::string& path);
StoredProxy load_proxy(const std::string& path);

/// The proxy that the sweep names. Throws SpecError at its file when it is not the one that the
/// sweep means, learned another space, experiment or fidelity, or does not know a metric that is
/// asked for.
Proxy proxy_of(const Sweep& sweep);

/// Throws when the proxy is not of the sweep's space, experiment and fidelity.
void check_proxy(const Proxy& proxy, const Sweep& sweep, const std::string& path);

}  // namespace sluice
