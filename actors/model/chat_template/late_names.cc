#include "actors/model/chat_template/late_names.h"

#include "actors/model/chat_template/filters.h"
#include "actors/model/chat_template/lexer.h"
#include "actors/model/chat_template/predicates.h"

namespace tramontane::jinja {

namespace {

class LateNames {
 public:
  explicit LateNames(std::string_view source) : source_(source) {}

  // `late`: within a condition of the same frame.
  void check(const Body& body, bool late) const {
    for (const auto& statement : body) check(*statement, late);
  }

 private:
  void check(const Expression* e, bool late) const {
    if (e == nullptr) return;
    if (e->type == Expression::Type::choice) late = true;
    if (!late && e->type == Expression::Type::filter && !is_filter(e->text))
      fail_at(source_, e->at, "there is no filter `" + e->text + "`");
    if (!late && e->type == Expression::Type::test && !is_test(e->text))
      fail_at(source_, e->at, "there is no test `" + e->text + "`");
    check(e->parts, late);
    check(e->arguments, late);
    for (const auto& [name, part] : e->named) check(part.get(), late);
    check(e->rest.get(), late);
    check(e->named_rest.get(), late);
  }

  void check(const std::vector<ExpressionPtr>& expressions, bool late) const {
    for (const auto& expression : expressions) check(expression.get(), late);
  }

  void check(const Statement& s, bool late) const {
    bool condition = s.type == Statement::Type::choice;
    bool own_frame = s.type == Statement::Type::block_set || s.type == Statement::Type::filter;
    check(s.value.get(), condition || (late && !own_frame));
    check(s.condition.get(), false);
    check(
        s.expressions, late && s.type != Statement::Type::macro && s.type != Statement::Type::call);
    check(s.body, condition);
    check(s.otherwise, condition);
  }

  std::string_view source_;
};

}  // namespace

void check_late_names(const Template& tree) {
  LateNames(tree.source).check(tree.body, false);
}

}  // namespace tramontane::jinja
