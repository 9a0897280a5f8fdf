#include "runtime/actor/actor.h"

#include "runtime/actor/cell.h"
#include "runtime/actor/system.h"
#include "runtime/base/check.h"

#include <algorithm>

namespace tramontane {
namespace detail {

Failure to_failure(const boost::system::error_code& error) {
  if (error.category() == error_category()) {
    return {static_cast<Errc>(error.value()), error.message()};
  }
  return {Errc::failed, error.message()};
}

}  // namespace detail

void Actor::add_handler(detail::Handler handler) {
  for (const detail::Handler& other : handlers_) {
    TRAM_CHECK(other.id != handler.id, "two handlers for one type id", other.name, handler.name);
  }
  handlers_.push_back(std::move(handler));
}

Cell& Actor::cell() const {
  TRAM_CHECK(cell_ != nullptr, "not yet in a constructor: use start()");
  return *cell_;
}

ActorRef Actor::self() const {
  return ActorRef(std::static_pointer_cast<Cell>(cell().shared_from_this()));
}

const std::string& Actor::name() const {
  return cell().label();
}

Incarnation Actor::incarnation() const {
  return cell().incarnation();
}

System& Actor::system() const {
  return cell().host().system();
}

Time Actor::now() const {
  return cell().now();
}

ActorRef Actor::sender() const {
  ActorId id = cell().sender();
  return id == 0 ? ActorRef() : system().find(id).value_or(ActorRef());
}

Metrics& Actor::metrics() const {
  return system().metrics();
}

Pool& Actor::pool(std::string_view name) const {
  return system().pool(name);
}

Random& Actor::random() const {
  return cell().random();
}

void Actor::log(Level level, std::string_view text, Fields fields) const {
  cell().keep_line(str(tramontane::name(level), ": ", short_line(text, fields)));
  system().log().write(level, name(), text, fields);
}

void Actor::note(std::string_view key, std::string value) const {
  cell().note(key, std::move(value));
}

void Actor::watch(const ActorRef& actor) const {
  system().watch(self(), actor);
}

void Actor::finish() const {
  cell().finish();
}

bool Actor::abandoned() const {
  return cell().abandoned();
}

bool Actor::stop_wanted() const {
  return cell().stop_wanted();
}

bool Actor::cancel(Timer timer) const {
  return cell().cancel(timer);
}

Answer<void> Actor::try_send_message(const ActorRef& to, Message message) {
  auto envelope = detail::make_envelope(to, std::move(message));
  envelope->source = cell().id();
  envelope->sent = now();
  return detail::deliver_now(to, std::move(envelope));
}

void Actor::begin_call(detail::PendingCall& call) const {
  call.start(cell());
}

Timer Actor::send_self(Duration wait, Message message) {
  auto envelope = detail::make_envelope(self(), std::move(message));
  envelope->source = cell().id();
  envelope->exempt = true;
  return cell().at(tramontane::after(now(), wait), std::move(envelope));
}

}  // namespace tramontane
