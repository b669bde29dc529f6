#pragma once

// The commands, one function each; the result is the exit status.

#include "merlon/command/command.h"

namespace merlon::steward_service {

int serve(const command::Arguments& arguments, const command::Terminal& terminal);
int check(const command::Arguments& arguments, const command::Terminal& terminal);
int log_verify(const command::Arguments& arguments, const command::Terminal& terminal);
int ca_init(const command::Arguments& arguments, const command::Terminal& terminal);
int ca_show(const command::Arguments& arguments, const command::Terminal& terminal);
int ca_rotate(const command::Arguments& arguments, const command::Terminal& terminal);

}  // namespace merlon::steward_service
