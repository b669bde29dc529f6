#pragma once

// The authorities that Mozilla lists, as the package ca-certificates had them when this was built:
// no file of a host can add to them.

#include "merlon/tls/context.h"

namespace merlon::tls {

[[nodiscard]] std::vector<Certificate> web_roots();

}  // namespace merlon::tls
