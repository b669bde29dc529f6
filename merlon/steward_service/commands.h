#pragma once

// The commands, one function each; the result is the exit status.

#include <memory>

#include "merlon/command/command.h"
#include "merlon/steward_service/options.h"
#include "merlon/steward_service/records.h"

namespace merlon::steward_service {

int serve(const command::Arguments& arguments, const command::Terminal& terminal);
int check(const command::Arguments& arguments, const command::Terminal& terminal);
int log_verify(const command::Arguments& arguments, const command::Terminal& terminal);
int completion(const command::Arguments& arguments, const command::Terminal& terminal);
int man(const command::Arguments& arguments, const command::Terminal& terminal);

/// Where the options name a state directory, what is there.
[[nodiscard]] Outcome<std::unique_ptr<Records>> open_records(const Options& options);

}  // namespace merlon::steward_service
