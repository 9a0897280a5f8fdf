#include "actors/model/chat_template/scopes.h"

#include "actors/model/chat_template/lexer.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace tramontane::jinja {

namespace {

// The names of one frame while its body is gone through, in the order of the text.
class Names {
 public:
  explicit Names(const Names* outer) : outer_(outer) {}

  bool has(const std::string& name) const {
    return places_.contains(name) || (outer_ != nullptr && outer_->has(name));
  }

  void parameter(const std::string& name) {
    store_first(name);
    define(name, Scope::From::parameter);
  }

  void load(const std::string& name) {
    if (!has(name)) define(name, Scope::From::context);
  }

  void store(const std::string& name) {
    store_first(name);
    if (!places_.contains(name))
      define(
          name, outer_ != nullptr && outer_->has(name) ? Scope::From::outer : Scope::From::nothing);
  }

  // What was stored since `mark` and not before was stored in a branch that may not be taken.
  std::size_t mark() const { return order_.size(); }

  void branched(std::size_t mark) {
    for (std::size_t i = mark; i < order_.size(); ++i) {
      bool outside = outer_ != nullptr && outer_->has(order_[i]);
      entries_[places_.at(order_[i])].from = outside ? Scope::From::outer : Scope::From::context;
    }
  }

  Scope scope() const { return {entries_}; }

 private:
  void store_first(const std::string& name) {
    if (stored_.insert(name).second) order_.push_back(name);
  }

  void define(const std::string& name, Scope::From from) {
    auto [place, is_new] = places_.emplace(name, entries_.size());
    if (is_new)
      entries_.push_back({name, from});
    else
      entries_[place->second].from = from;
  }

  const Names* outer_;
  std::map<std::string, std::size_t> places_;
  std::vector<Scope::Entry> entries_;
  std::set<std::string> stored_;
  std::vector<std::string> order_;  // of the first stores
};

// Calls `visit` with every expression below and including this one.
template <class Visit>
void each_part(const Expression* expression, const Visit& visit) {
  if (expression == nullptr) return;
  visit(*expression);
  for (const auto& part : expression->parts) each_part(part.get(), visit);
  for (const auto& part : expression->arguments) each_part(part.get(), visit);
  for (const auto& [name, part] : expression->named) each_part(part.get(), visit);
  each_part(expression->rest.get(), visit);
  each_part(expression->named_rest.get(), visit);
}

void load(const Expression* expression, Names& names) {
  each_part(expression, [&](const Expression& part) {
    if (part.type == Expression::Type::name) names.load(part.text);
  });
}

void load(const std::vector<ExpressionPtr>& expressions, Names& names) {
  for (const auto& expression : expressions) load(expression.get(), names);
}

void store(const Expression& target, Names& names, bool as_parameter = false) {
  if (target.type == Expression::Type::tuple) {
    for (const auto& part : target.parts) store(*part, names, as_parameter);
  } else if (target.type == Expression::Type::attribute) {
    names.load(target.parts[0]->text);
  } else if (as_parameter) {
    names.parameter(target.text);
  } else {
    names.store(target.text);
  }
}

void visit(const Body& body, Names& names);

// What a statement loads and stores in the frame that it stands in.
void visit(const Statement& s, Names& names) {
  switch (s.type) {
    case Statement::Type::text:
    case Statement::Type::generation:
    case Statement::Type::leave:
    case Statement::Type::skip:
      break;
    case Statement::Type::output:
      load(s.expressions, names);
      break;
    case Statement::Type::set:
      load(s.value.get(), names);
      store(*s.target, names);
      break;
    case Statement::Type::block_set:
      store(*s.target, names);
      break;
    case Statement::Type::macro:
      names.store(s.text);
      break;
    case Statement::Type::with:
      load(s.expressions, names);
      break;
    case Statement::Type::loop:
    case Statement::Type::call:
    case Statement::Type::filter:
      load(s.value.get(), names);
      break;
    case Statement::Type::choice: {
      load(s.value.get(), names);
      std::size_t mark = names.mark();
      visit(s.body, names);
      visit(s.otherwise, names);
      names.branched(mark);
    }
  }
}

void visit(const Body& body, Names& names) {
  for (const auto& statement : body) visit(*statement, names);
}

// Whether a body uses a name that nothing in it has assigned before.
class Undeclared {
 public:
  explicit Undeclared(std::string_view name) : name_(name) {}

  bool in(const Body& body) {
    for (const auto& statement : body) look(*statement);
    return found_;
  }

 private:
  void look(const Expression* expression) {
    each_part(expression, [&](const Expression& part) {
      if (part.type == Expression::Type::name && part.text == name_ && !assigned_) found_ = true;
    });
  }

  void assign(const Expression* target) {
    if (target == nullptr || target->type == Expression::Type::attribute) return;
    each_part(target, [&](const Expression& part) {
      if (part.type == Expression::Type::name && part.text == name_) assigned_ = true;
    });
  }

  void look(const Statement& s) {
    if (s.type == Statement::Type::set) look(s.value.get());
    assign(s.target.get());
    for (const auto& target : s.targets) assign(target.get());
    if (s.type != Statement::Type::set) look(s.value.get());
    for (const std::string& parameter : s.parameters)
      if (parameter == name_) assigned_ = true;
    for (const auto& expression : s.expressions) look(expression.get());
    look(s.condition.get());
    in(s.body);
    in(s.otherwise);
  }

  std::string_view name_;
  bool assigned_ = false;
  bool found_ = false;
};

class Resolver {
 public:
  explicit Resolver(std::string_view source) : source_(source) {}

  void body(Body& body, const Names& names) {
    for (auto& statement : body) frames(*statement, names);
  }

 private:
  // Gives the frames that a statement opens their scopes.
  void frames(Statement& s, const Names& names) {
    switch (s.type) {
      case Statement::Type::choice:
        body(s.body, names);
        body(s.otherwise, names);
        break;
      case Statement::Type::loop:
        loop(s, names);
        break;
      case Statement::Type::macro:
      case Statement::Type::call:
      case Statement::Type::generation:
        function(s, names);
        break;
      case Statement::Type::with:
      case Statement::Type::filter:
      case Statement::Type::block_set: {
        Names inner(&names);
        for (const auto& target : s.targets) store(*target, inner);
        if (s.type == Statement::Type::filter) load(s.value.get(), inner);
        visit(s.body, inner);
        s.scope = inner.scope();
        body(s.body, inner);
        break;
      }
      default:
        break;
    }
  }

  void loop(Statement& s, const Names& names) {
    Names inner(&names);
    inner.parameter("loop");
    store(*s.target, inner, true);
    visit(s.body, inner);
    s.scope = inner.scope();
    body(s.body, inner);
    Names otherwise(&names);
    visit(s.otherwise, otherwise);
    s.otherwise_scope = otherwise.scope();
    body(s.otherwise, otherwise);
    Names condition(&names);
    store(*s.target, condition, true);
    load(s.condition.get(), condition);
    s.condition_scope = condition.scope();
  }

  void function(Statement& s, const Names& names) {
    Names inner(&names);
    for (const std::string& parameter : s.parameters) inner.parameter(parameter);
    load(s.expressions, inner);
    visit(s.body, inner);
    auto implicit = [&](const char* name) {
      auto found = std::ranges::find(s.parameters, name);
      if (!Undeclared(name).in(s.body)) return false;
      if (found == s.parameters.end()) {
        inner.parameter(name);
        return true;
      }
      auto without = s.parameters.size() - s.expressions.size();
      if (std::string_view(name) == "caller" &&
          static_cast<std::size_t>(found - s.parameters.begin()) < without)
        fail_at(source_, s.at, "the parameter `caller` has no default");
      return false;
    };
    s.takes_caller = implicit("caller");
    s.takes_named_rest = implicit("kwargs");
    s.takes_rest = implicit("varargs");
    s.scope = inner.scope();
    body(s.body, inner);
  }

  std::string_view source_;
};

}  // namespace

void resolve_names(Template& tree) {
  Names names(nullptr);
  visit(tree.body, names);
  tree.scope = names.scope();
  Resolver(tree.source).body(tree.body, names);
}

}  // namespace tramontane::jinja
