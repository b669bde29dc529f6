#include "merlon/shim/linux/sockets.h"

#include <algorithm>

#include "merlon/shim/linux/files.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux::sockets {

using sallyport::Call;

namespace {

/// The first vector of a message that is not empty, else an empty one: a message may carry less
/// than it has room for.
bool first_vector(const abi::MessageHeader& header, abi::Vector& vector) noexcept {
  if (header.vector_count > abi::max_vectors) return false;
  for (std::uint64_t i = 0; i < header.vector_count; ++i) {
    if (!read_user(header.vectors + i * sizeof(vector), vector)) return false;
    if (vector.size != 0) return true;
  }
  return true;
}

std::uint64_t piece_of(const abi::Vector& vector) noexcept {
  return std::min<std::uint64_t>({vector.size, port().capacity(), scratch_size});
}

/// Writes the descriptors of a delivery as one SCM_RIGHTS message; says how many fit.
SystemResult put_descriptors(core::ByteView numbers, abi::MessageHeader& header) noexcept {
  if (numbers.empty()) {
    header.control_size = 0;
    return 0;
  }
  const abi::ControlHeader control{sizeof(abi::ControlHeader) + numbers.size(),
                                   static_cast<std::uint32_t>(abi::sol_socket), abi::scm_rights};
  if (header.control_size < control.size) give_up("more descriptors came than there is room for");
  if (!write_user(header.control, control)) return -abi::Fault;
  const auto to = writable_bytes(header.control + sizeof(control), numbers.size());
  if (!to) return -abi::Fault;
  copy(*to, numbers);
  header.control_size = control.size;
  return 0;
}

SystemResult receive_delivery(std::uint64_t fd, std::uint64_t address, abi::MessageHeader header,
                              const abi::Vector& vector) noexcept {
  constexpr std::size_t most_numbers = sallyport::max_delivered_descriptors * sizeof(std::uint32_t);
  constexpr std::size_t overhead = sizeof(sallyport::DeliveryHeader) + most_numbers;
  const std::uint64_t wanted =
      std::min<std::uint64_t>(piece_of(vector), port().capacity() - overhead);
  const core::ByteSpan answered =
      core::ByteSpan(keep().scratch).first(std::min<std::size_t>(wanted + overhead, scratch_size));
  const SystemResult answer =
      ask_receiving(Call::ReceiveDescriptors, {fd, answered.size() - overhead}, answered);
  if (answer < 0) return answer;
  sallyport::DeliveryHeader delivery{};
  copy(writable_bytes_of(delivery), answered.first(sizeof(delivery)));
  const std::size_t numbers = delivery.descriptor_count * sizeof(std::uint32_t);
  const auto size = static_cast<std::size_t>(answer);
  if (size > vector.size) return -abi::Io;
  const auto to = writable_bytes(vector.base, size);
  if (!to) return -abi::Fault;
  copy(*to, answered.subspan(sizeof(delivery) + numbers, size));
  header.flags = 0;
  const SystemResult put = put_descriptors(answered.subspan(sizeof(delivery), numbers), header);
  if (put < 0) return put;
  return write_user(address, header) ? answer : -abi::Fault;
}

}  // namespace

SystemResult send(std::uint64_t fd, std::uint64_t message) noexcept {
  if (!files::holds(fd)) return -abi::Badf;
  abi::MessageHeader header{};
  if (!read_user(message, header) || header.control_size != 0) return -abi::Inval;
  if (header.vector_count > abi::max_vectors) return -abi::Inval;
  const core::ByteSpan scratch =
      core::ByteSpan(keep().scratch).first(std::min(port().capacity(), scratch_size));
  std::size_t filled = 0;
  for (std::uint64_t i = 0; i < header.vector_count && filled < scratch.size(); ++i) {
    abi::Vector vector{};
    if (!read_user(header.vectors + i * sizeof(vector), vector)) return -abi::Fault;
    const auto size = std::min<std::uint64_t>(vector.size, scratch.size() - filled);
    const auto bytes = readable_bytes(vector.base, size);
    if (!bytes) return -abi::Fault;
    copy(scratch.subspan(filled), *bytes);
    filled += bytes->size();
  }
  return ask_sending(Call::Send, {fd}, scratch.first(filled));
}

SystemResult receive(std::uint64_t fd, std::uint64_t message, std::uint64_t flags) noexcept {
  if (!files::holds(fd)) return -abi::Badf;
  abi::MessageHeader header{};
  abi::Vector vector{};
  if (!read_user(message, header) || !first_vector(header, vector)) return -abi::Fault;
  if (header.control_size != 0) return receive_delivery(fd, message, header, vector);
  const auto into = writable_bytes(vector.base, piece_of(vector));
  if (!into) return -abi::Fault;
  const SystemResult answer = ask_receiving(Call::Receive, {fd, flags}, *into);
  if (answer < 0) return answer;
  header.flags = 0;
  return write_user(message, header) ? answer : -abi::Fault;
}

SystemResult option(std::uint64_t fd, std::uint64_t level, std::uint64_t name, std::uint64_t value,
                    std::uint64_t size) noexcept {
  if (!files::holds(fd)) return -abi::Badf;
  if (level != abi::sol_socket) return -abi::Opnotsupp;
  auto option = sallyport::SocketOption::Type;
  if (name == abi::so_acceptconn) {
    option = sallyport::SocketOption::Listening;
  } else if (name != abi::so_type) {
    return -abi::Opnotsupp;
  }
  const SystemResult answer = ask(Call::SocketOption, {fd, static_cast<std::uint64_t>(option)});
  if (answer < 0) return answer;
  const auto number = static_cast<std::int32_t>(answer & 0x7fff'ffff);
  constexpr std::uint32_t number_size = sizeof(number);
  return write_user(value, number) && write_user(size, number_size) ? 0 : -abi::Fault;
}

}  // namespace merlon::shim::linux::sockets
