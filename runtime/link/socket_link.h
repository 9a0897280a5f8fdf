#pragma once
// A Link over a connected stream socket, served by the event loop of a pool: of this host (a
// Unix-domain socket, which carries descriptors), or between hosts (TCP, which does not).
//
//   auto [here, there] = socket_pair();                 // `there` goes to another process
//   std::unique_ptr<Link> link = socket_link(pool, std::move(here));
//
// With a key (link_socket.h) what passes is TLS under that key: nothing else knows of it.
//
// TCP: what is written goes at once, and a peer that takes nothing for tcp_patience is gone, as is
// one whose host answers nothing for as long.

#include "runtime/actor/pool.h"
#include "runtime/base/descriptor.h"
#include "runtime/link/link.h"
#include "runtime/link/link_socket.h"

#include <chrono>
#include <memory>
#include <utility>

namespace tramontane {

constexpr std::chrono::seconds tcp_patience(8);

// Of one stream, close-on-exec. Error(io).
std::pair<Descriptor, Descriptor> socket_pair();

// The pool outlives the link's end.
std::unique_ptr<Link> socket_link(ThreadPool& pool, LinkSocket socket);

}  // namespace tramontane
