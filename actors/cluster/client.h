#pragma once
// A HeadClient asks a cluster's head, for the commands of the shell.
//
//   HeadClient client(find_head(arguments…), token, encryption_setting());
//   boost::json::object jobs = client.ask("jobs", {});
//
// Blocks. Throws Error: the head is not reached, says no, or does not answer in time.
// Thread rule: one thread.

#include "runtime/base/clock.h"
#include "runtime/base/home.h"
#include "runtime/cluster/messages.h"
#include "runtime/link/encryption.h"

#include <boost/json/object.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace tramontane {

class HeadClient {
 public:
  HeadClient(const std::string& address, const AccessToken& token, Encryption encryption);
  ~HeadClient();
  HeadClient(const HeadClient&) = delete;
  HeadClient& operator=(const HeadClient&) = delete;

  boost::json::object ask(const std::string& what, const boost::json::object& request,
      Duration patience = std::chrono::seconds(10));
  // With bytes, for an answer that may have some.
  HeadAnswer exchange(const std::string& what, const boost::json::object& request, ByteView bytes,
      Duration patience = std::chrono::seconds(30));

 private:
  class State;

  const std::unique_ptr<State> state_;
};

}  // namespace tramontane
