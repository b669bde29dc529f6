#include "merlon/image/world.h"

namespace merlon::image {

using sallyport::World;

std::optional<World> find_world(std::string_view name) noexcept {
  if (name == "ring0") return World::Ring0;
  if (name == "collapsed") return World::Collapsed;
  if (name == "isolated") return World::Isolated;
  return std::nullopt;
}

std::string_view name_of(World world) noexcept {
  switch (world) {
    case World::Ring0: return "ring0";
    case World::Collapsed: return "collapsed";
    case World::Isolated: return "isolated";
    case World::Enclave: return "enclave";
  }
  return "unknown";
}

}  // namespace merlon::image
