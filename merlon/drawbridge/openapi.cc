#include "merlon/drawbridge/openapi.h"

namespace merlon::drawbridge {

namespace {

constexpr std::string_view document =
#include "merlon/drawbridge/openapi.def"
    ;

}  // namespace

std::string_view openapi() noexcept { return document; }

}  // namespace merlon::drawbridge
