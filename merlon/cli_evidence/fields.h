#pragma once

// Every field of evidence and endorsements with its name, value and meaning.

#include <string>
#include <vector>

#include "merlon/evidence/evidence.h"

namespace merlon::cli_evidence {

struct Field {
  std::string name;
  std::string value;
  std::string_view meaning;
};

struct FieldGroup {
  std::string title;
  std::vector<Field> fields;
};

[[nodiscard]] std::vector<FieldGroup> fields_of(const evidence::Evidence& evidence);
[[nodiscard]] std::vector<FieldGroup> fields_of(const evidence::Endorsements& endorsements);

}  // namespace merlon::cli_evidence
