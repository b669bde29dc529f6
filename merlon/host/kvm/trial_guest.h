#pragma once

// Shared by trial.cc and trial_guest.S.

#define TRIAL_PORT 0xe9                    // the doorbell's
#define TRIAL_FRESH_PAGE 0x2000            // behind the answers
#define TRIAL_SUM (2 + 0x50 + 4 + 31 + 8)  // what its instructions add up to
