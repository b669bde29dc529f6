#include "merlon/database/testing/postgres_server.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/core/check.h"
#include "merlon/database/postgres.h"

namespace merlon::database::testing {

using base::concat;

namespace {

constexpr const char* programs = "/usr/lib/postgresql/15/bin";

/// PostgreSQL will not run as root. It ends when this program does.
std::vector<std::string> as_user(std::vector<std::string> words) {
  std::vector<std::string> all{"/usr/bin/setpriv", "--pdeathsig", "QUIT"};
  if (::geteuid() == 0) {
    for (const char* each : {"--reuid=postgres", "--regid=postgres", "--clear-groups"}) {
      all.emplace_back(each);
    }
  }
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

::pid_t spawn(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& each : words) {
    // SAFETY: posix_spawn reads them only; its type is of the time before const.
    arguments.push_back(const_cast<char*>(each.c_str()));
  }
  arguments.push_back(nullptr);
  ::posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  for (const int each : {0, 1, 2}) {
    ::posix_spawn_file_actions_addopen(&files, each, "/dev/null", 2, 0);
  }
  ::pid_t process = -1;
  MERLON_CHECK(::posix_spawn(&process, arguments[0], &files, nullptr, arguments.data(), environ) ==
               0);
  ::posix_spawn_file_actions_destroy(&files);
  return process;
}

}  // namespace

PostgresServer* PostgresServer::shared() {
  static const std::unique_ptr<PostgresServer> server = [] {
    std::unique_ptr<PostgresServer> made;
    if (!std::filesystem::exists(concat(programs, "/postgres"))) return made;
    made.reset(new PostgresServer);
    const bool in_memory = std::filesystem::is_directory("/dev/shm");
    made->folder_ = concat(in_memory ? "/dev/shm" : "/tmp", "/merlon_postgres_XXXXXX");
    MERLON_CHECK(::mkdtemp(made->folder_.data()) != nullptr);
    if (::geteuid() == 0) {
      MERLON_CHECK(std::system(concat("chown postgres ", made->folder_).c_str()) == 0);
    }
    int status = 0;
    // Words in another order than their bytes: none of ours may depend on it.
    const ::pid_t maker =
        spawn(as_user({concat(programs, "/initdb"), "-D", made->folder_ + "/data", "-A", "trust",
                       "-U", "merlon", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
                       "--locale-provider=icu", "--icu-locale=en"}));
    MERLON_CHECK(::waitpid(maker, &status, 0) == maker && status == 0);
    made->start();
    return made;
  }();
  return server.get();
}

void PostgresServer::start() {
  process_ =
      spawn(as_user({concat(programs, "/postgres"), "-D", folder_ + "/data", "-k", folder_, "-c",
                     "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c",
                     "shared_buffers=16MB", "-c", "max_connections=60"}));
  for (int i = 0; i < 6000; ++i) {
    if (connect_postgres(url("public"))) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  MERLON_CHECK(false);
}

void PostgresServer::stop(int signal) {
  ::kill(process_, signal);
  ::waitpid(process_, nullptr, 0);
}

void PostgresServer::restart() {
  stop(SIGQUIT);
  start();
}

PostgresServer::~PostgresServer() {
  if (process_ > 0) stop(SIGQUIT);
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
}

std::string PostgresServer::url(const std::string& schema, const std::string& folder) const {
  std::string host;
  for (const char c : folder.empty() ? folder_ : folder)
    host += c == '/' ? "%2F" : std::string(1, c);
  return concat("postgresql://merlon@", host, "/postgres?options=-csearch_path%3D", schema);
}

std::string PostgresServer::new_url() {
  const std::string schema = concat("s", schemas_++);
  const std::string statement = concat("CREATE SCHEMA ", schema);
  const auto connection = connect_postgres(url("public"));
  MERLON_CHECK(connection && (*connection)->run(statement, {}));
  return url(schema);
}

}  // namespace merlon::database::testing
