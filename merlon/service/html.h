#pragma once

// Pages for people, in one look: they load nothing and run nothing.

#include <string>
#include <string_view>

#include "merlon/http/message.h"

namespace merlon::service {

/// `text` as it may stand in HTML, in quotes too; what is not printable is shown as escapes.
[[nodiscard]] std::string escaped(std::string_view text);
/// The same in the letters of code.
[[nodiscard]] std::string code(std::string_view text);
/// A line of a <dl>; `html` is escaped already, as of all below.
[[nodiscard]] std::string row(std::string_view name, std::string_view html);

/// A whole page. `title` and `heading` are ours.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view heading,
                                    std::string_view html);

/// Whether a page has forms, which ask this very service.
enum class Forms : std::uint8_t { None, Own };

/// A page as an answer, under a policy that allows its one style by its digest and nothing else
/// [CSP3].
[[nodiscard]] http::Response html_response(unsigned status, std::string html,
                                           Forms forms = Forms::None);

}  // namespace merlon::service
