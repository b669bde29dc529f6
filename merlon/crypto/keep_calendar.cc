// The calendar by which OpenSSL judges certificates. Its own way leads through the C library, which
// first reads the time zone of the machine: a file of the host's, in a program that opens none. A
// program that is linked with --wrap=OPENSSL_gmtime has this instead, which knows UTC alone.

#include <chrono>
#include <ctime>

extern "C" {
// NOLINTNEXTLINE(bugprone-reserved-identifier): the linker's name
std::tm* __wrap_OPENSSL_gmtime(const std::time_t* time, std::tm* result);
}

// NOLINTNEXTLINE(bugprone-reserved-identifier)
std::tm* __wrap_OPENSSL_gmtime(const std::time_t* time, std::tm* result) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(*time)};
  const sys_days day = floor<days>(moment);
  const year_month_day date(day);
  if (!date.ok()) return nullptr;  // beyond the years that the calendar has
  const hh_mm_ss clock(moment - day);
  *result = {};
  result->tm_year = static_cast<int>(date.year()) - 1900;
  result->tm_mon = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  result->tm_mday = static_cast<int>(static_cast<unsigned>(date.day()));
  result->tm_hour = static_cast<int>(clock.hours().count());
  result->tm_min = static_cast<int>(clock.minutes().count());
  result->tm_sec = static_cast<int>(clock.seconds().count());
  result->tm_wday = static_cast<int>(weekday(day).c_encoding());
  const sys_days new_year = date.year() / January / 1;
  result->tm_yday = static_cast<int>((day - new_year).count());
  return result;
}
