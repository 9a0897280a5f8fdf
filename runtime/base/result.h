#pragma once
// Errors that a caller may act on.
//
//   Result<Bytes> read(Key key);              // an outcome the caller branches on
//   throw Error(Errc::bad_input, "train.jsonl:17: no field 'answer'; …");  // everything else
//
// The four cases of the house: a bug is TRAM_CHECK; an outcome is Result<T> with an Errc (or
// std::optional for mere absence); anything else throws Error; bad bytes from outside are
// validated where they are used and reported as one of the latter two.

#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <ostream>
#include <string>
#include <utility>

namespace tramontane {

enum class Errc {
  not_found = 1,  // no such key, actor, file
  closed,         // the peer or queue is closed and will not reopen
  full,           // a bounded queue has no room
  stale,          // a lease or incarnation is no longer the current one
  timeout,        // the deadline passed; whether the work was done is unknown
  refused,        // the callee answered that it will not
  failed,         // the callee's handler failed; its text says why
  undeliverable,  // the message reached nobody
  bad_input,      // bytes or values from outside that make no sense
  corrupt,        // stored bytes that do not match their checksum or schema
  io,             // the operating system said no: disk full, permission, …
  unsupported,    // valid, but not something this build or model can do
  cancelled,      // asked to stop
  unknown,        // it was delivered, and whoever had it died: whether it was done nobody knows
};

const boost::system::error_category& error_category() noexcept;
boost::system::error_code make_error_code(Errc code) noexcept;

// The name of a code as users see it: "not_found".
const char* name(Errc code) noexcept;

template <class T>
using Result = boost::system::result<T>;

// An error with a text that names the thing and the remedy.
class Error : public boost::system::system_error {
 public:
  Error(Errc code, std::string text);

  Errc errc() const { return errc_; }

  const std::string& text() const { return text_; }

  const char* what() const noexcept override { return text_.c_str(); }

 private:
  Errc errc_;
  std::string text_;
};

// An error that travels as a value, with its text.
struct Failure {
  Errc code = Errc::failed;
  std::string text;
};

// What a call to another actor gives: the value, or why there is none.
//
//   Answer<TaskList> tasks = co_await ask(ledger, request, 5s, "tasks to write");
//   if (!tasks) return tasks.error();     // .code to branch on, .text to show
//   use(*tasks);                          // or tasks.value(), which throws Error
template <class T>
using Answer = boost::system::result<T, Failure>;

// What value() of an Answer without one does: throws Error with the failure's code and text.
[[noreturn]] void throw_exception_from_error(
    const Failure& failure, const boost::source_location& where);

// "refused: not today"; "ok" for an answer that has its value.
std::ostream& operator<<(std::ostream& out, const Failure& failure);
std::ostream& operator<<(std::ostream& out, const Answer<void>& answer);

template <class T>
std::ostream& operator<<(std::ostream& out, const Answer<T>& answer) {
  return answer ? out << "ok" : out << answer.error();
}

}  // namespace tramontane

template <>
struct boost::system::is_error_code_enum<tramontane::Errc> : std::true_type {};
