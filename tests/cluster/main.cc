// A test program that is also the workers of the nodes that it has, and the children that serve its
// connections.
#include "runtime/cluster/serving_child.h"
#include "runtime/node/parent.h"
#include "runtime/node/worker.h"

#include <csignal>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/test.h"

namespace {

// Says of each connection what was read of it, and closes it.
int serve_connections(bool silently) {
  tramontane::Descriptor from(tramontane::serving_child_socket);
  auto pulse = [&] {
    if (!silently) tramontane::tell_serving(from);
  };
  while (auto connection = tramontane::next_connection(from, pulse)) {
    std::string text = std::to_string(::getpid()) + ": ";
    text += tramontane::as_text(connection->first);
    if (::send(connection->socket.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], tramontane::worker_word) == 0) {
    tramontane::die_with_parent();
    ::pause();
    return 0;
  }
  for (bool silently : {false, true})
    if (argc > 1 &&
        std::strcmp(argv[1], silently ? "serve-in-silence" : "serve-connections") == 0) {
      tramontane::die_with_parent();
      return serve_connections(silently);
    }
  if (argc > 1 && std::strcmp(argv[1], "end-at-once") == 0) return 3;
  if (argc > 1 && std::strcmp(argv[1], "end-in-order") == 0) {
    std::signal(SIGTERM, [](int) { ::_exit(::write(STDOUT_FILENO, "told\n", 5) == 5 ? 0 : 1); });
    tramontane::die_with_parent();
    return serve_connections(false);
  }
  return doctest::Context(argc, argv).run();
}
