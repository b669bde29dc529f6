#include "merlon/gatehouse/openapi.h"

namespace merlon::gatehouse {

namespace {

constexpr std::string_view document =
#include "merlon/gatehouse/openapi.def"
    ;

}  // namespace

std::string_view openapi() noexcept { return document; }

}  // namespace merlon::gatehouse
