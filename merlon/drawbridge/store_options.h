#pragma once

// Where a registry is, as a command line says it. Secrets come from files and the environment only:
// a command line is seen by all of its machine.

#include <array>

#include "merlon/command/command.h"
#include "merlon/drawbridge/store.h"

namespace merlon::drawbridge {

using service::Checked;

inline constexpr std::size_t store_option_count = 7;
using StoreOptions = std::array<command::OptionSpec, store_option_count>;

inline constexpr StoreOptions own_store_options{
    command::OptionSpec{"--store",
                        "DIR",
                        "Where packages are kept; made if it is not there. Not needed where "
                        "--database and --objects are both given.",
                        false,
                        {},
                        true},
    command::OptionSpec{
        "--database", "URL|FILE",
        "PostgreSQL instead of a file in --store: postgresql://USER@HOST/NAME, or a "
        "file with such a URL, in which a password may stand."},
    command::OptionSpec{"--objects", "s3://BUCKET[/PREFIX]",
                        "An S3 for the contents instead of files in --store."},
    command::OptionSpec{
        "--s3-endpoint", "URL",
        "Which S3: https://HOST[:PORT]; AWS_ENDPOINT_URL or that of AWS if not given."},
    command::OptionSpec{"--s3-region", "NAME", "Its region; AWS_REGION or us-east-1 if not given."},
    command::OptionSpec{"--s3-credentials",
                        "FILE",
                        "Its access key, as the tools of AWS keep it; AWS_ACCESS_KEY_ID and "
                        "AWS_SECRET_ACCESS_KEY if not given.",
                        false,
                        {},
                        true},
    command::OptionSpec{"--s3-ca",
                        "FILE",
                        "Whose certificate it may show, in PEM; those of the web if not given.",
                        false,
                        {},
                        true},
};

/// Of `migrate`: where packages are brought to.
inline constexpr StoreOptions new_store_options{
    command::OptionSpec{"--to-store", "DIR", "The same of the new store.", false, {}, true},
    command::OptionSpec{"--to-database", "URL|FILE", "The same of the new store."},
    command::OptionSpec{"--to-objects", "s3://BUCKET[/PREFIX]", "The same of the new store."},
    command::OptionSpec{"--to-s3-endpoint", "URL", "The same of the new store."},
    command::OptionSpec{"--to-s3-region", "NAME", "The same of the new store."},
    command::OptionSpec{
        "--to-s3-credentials", "FILE", "The same of the new store.", false, {}, true},
    command::OptionSpec{"--to-s3-ca", "FILE", "The same of the new store.", false, {}, true},
};

/// A table of options with those of a store in it.
template <std::size_t N, std::size_t M>
[[nodiscard]] constexpr std::array<command::OptionSpec, N + M> with_options(
    const std::array<command::OptionSpec, N>& first,
    const std::array<command::OptionSpec, M>& others) {
  std::array<command::OptionSpec, N + M> all{};
  for (std::size_t i = 0; i < N; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < M; ++i) all[N + i] = others[i];
  return all;
}

/// Of one of the tables above. `variable` gives variables of the environment.
[[nodiscard]] Checked<StorePlace> place_of(const command::Arguments& arguments,
                                           const StoreOptions& options,
                                           std::string (*variable)(const char* name));

/// Whether there is a store already, as far as that can be seen without making one.
[[nodiscard]] Checked<void> check_is_there(const StorePlace& place);

}  // namespace merlon::drawbridge
