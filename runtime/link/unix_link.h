#pragma once
// A Link over a connected Unix-domain stream socket, served by the event loop of a pool.
//
//   auto [here, there] = socket_pair();                 // `there` goes to another process
//   std::unique_ptr<Link> link = unix_link(pool, std::move(here));

#include "runtime/actor/pool.h"
#include "runtime/base/descriptor.h"
#include "runtime/link/link.h"

#include <memory>
#include <utility>

namespace tramontane {

// Of one stream, close-on-exec. Error(io).
std::pair<Descriptor, Descriptor> socket_pair();

// The pool outlives the link's end.
std::unique_ptr<Link> unix_link(ThreadPool& pool, Descriptor socket);

}  // namespace tramontane
