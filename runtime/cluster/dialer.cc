#include "runtime/cluster/dialer.h"

#include <chrono>
#include <tuple>
#include <utility>

namespace tramontane {

using namespace std::chrono_literals;

Task<void> Dialer::dial_one(PleaseDial request) {
  HasDialed answer{.request = request.request};
  auto address = TcpAddress::parse(request.address);
  auto dialed = address ? dial(*address, token_, request.own, patience_, encryption_)
                        : Answer<Dialed>(address.error());
  if (dialed)
    answer.dialed = std::make_shared<Dialed>(std::move(*dialed));
  else
    answer.why = dialed.error().text;
  ActorRef asker = sender();
  std::ignore = co_await send(asker, give(answer), 5s, "room for an answer");
}

}  // namespace tramontane
