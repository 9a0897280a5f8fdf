#pragma once
// The evaluator renders a syntax tree once.
//
//   Evaluator evaluator(tree, std::move(variables), options);
//   std::string text = evaluator.render();
//
// It owns what its values point to: namespaces, macros, loops and the frames that macros were
// defined in, all until its end. Of one thread. Errors begin with line and column, but for those
// that the template raises itself.

#include "actors/model/chat_template/arguments.h"
#include "actors/model/chat_template/date.h"
#include "actors/model/chat_template/objects.h"
#include "actors/model/chat_template/syntax.h"
#include "actors/model/chat_template/work.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tramontane::jinja {

// The names of one running body.
class Frame {
 public:
  Frame(const Scope& scope, Frame* outer)
      : scope_(scope), values_(scope.entries.size()), outer_(outer) {}

  const Scope& scope() const { return scope_; }

  Frame* outer() const { return outer_; }

  // The place of a name that is this frame's own; nullptr if it is not.
  Value* own(const std::string& name);

  // That of this frame's or of the nearest around it.
  Value* find(const std::string& name);

  bool kept = false;  // until the end, for a macro that was defined in it

 private:
  const Scope& scope_;
  Value::Items values_;  // of its scope's entries
  Frame* outer_;
};

class Evaluator {
 public:
  Evaluator(const Template& tree, std::map<std::string, Value> variables, ChatDate date,
      std::int64_t work);

  std::string render();

  Work& work() { return work_; }

 private:
  enum class Flow { goes_on, leaves, skips };
  class Open;  // a frame while its body runs

  // Statements, in evaluator.cc.
  Flow run(const Body& body, Frame& frame, std::string& out);
  Flow run(const Statement& statement, Frame& frame, std::string& out);
  Flow run_loop(const Statement& loop, Frame& frame, std::string& out);
  Flow go_through(const Statement& loop, const Value& over, std::int64_t depth0, Frame& frame,
      std::string& out);
  void begin(Loop& loop, const Statement& statement, const Value& over, Frame& frame);
  Flow run_with(const Statement& with, Frame& frame, std::string& out);
  void generation(const Statement& statement, Frame& frame, std::string& out);
  Flow inner(const Body& body, const Scope& scope, Frame& frame, std::string& out);
  void block_set(const Statement& statement, Frame& frame);
  void filter_block(const Statement& statement, Frame& frame, std::string& out);
  void enter(Frame& frame);
  void assign(const Expression& target, const Value& value, Frame& frame);
  void assign_to_space(const Expression& target, const Value& value, Frame& frame);
  Value macro_of(const Statement& definition, Frame& frame);
  void write(const std::string& text, std::string& out);

  // Expressions, in expressions.cc.
  Value eval(const Expression& e, Frame& frame);
  Value dispatch(const Expression& e, Frame& frame);
  Value name(const Expression& e, Frame& frame);
  Value comparison(const Expression& e, Frame& frame);
  Value joined(const Expression& e, Frame& frame);
  Value container(const Expression& e, Frame& frame);
  Value filter(const Expression& e, Frame& frame, const Value* input);
  Arguments arguments(const Expression& e, Frame& frame);

  // Calls, in calls.cc.
  Value call(const Value& callee, Arguments arguments);
  Value call_global(const std::string& name, const Arguments& arguments);
  Value call_macro(const Macro& macro, Arguments arguments);
  void bind(const Macro& macro, Arguments& arguments, Frame& frame);
  Value call_loop(const Loop& loop, const Arguments& arguments);
  Value range(const Arguments& arguments);
  Value dict(const Arguments& arguments, const std::string& callee);

  template <class Made>
  Made* own(std::unique_ptr<Made> made);

  const Template& tree_;
  std::map<std::string, Value> variables_;
  ChatDate date_;
  Work work_;
  std::size_t at_ = 0;   // of what is being evaluated
  bool raised_ = false;  // by the template itself
  std::vector<std::unique_ptr<Object>> owned_;
  std::vector<std::unique_ptr<Frame>> kept_;
};

template <class Made>
Made* Evaluator::own(std::unique_ptr<Made> made) {
  work_.spend(256);
  Made* pointer = made.get();
  owned_.push_back(std::move(made));
  return pointer;
}

// A frame that is kept where a macro was defined in it, and else ends with the body.
class Evaluator::Open {
 public:
  Open(Evaluator& evaluator, const Scope& scope, Frame* outer)
      : evaluator_(evaluator), frame_(std::make_unique<Frame>(scope, outer)) {
    evaluator_.enter(*frame_);
  }

  ~Open() {
    if (frame_->kept) evaluator_.kept_.push_back(std::move(frame_));
  }

  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  Frame& operator*() const { return *frame_; }

  Frame* operator->() const { return frame_.get(); }

 private:
  Evaluator& evaluator_;
  std::unique_ptr<Frame> frame_;
};

}  // namespace tramontane::jinja
