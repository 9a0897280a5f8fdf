#pragma once
// A ProblemForm is how problems are read from a data file and put to a model: one function does it
// everywhere, in reinforcement, warm starts, evaluation, `tram eval` and `tram generate`. A
// checkpoint records the form that it was trained with.
//
//   Prompt prompt = form.prompt(*tokenizer, "What is 2 + 2?");    // tokens of the whole form
//   form.render("What is 2 + 2?");                                // the same as text
//
// Pure functions of values.

#include "actors/messages/types.h"
#include "actors/model/chat_template/template_folder.h"
#include "actors/model/model_config.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/rewards/reward_spec.h"
#include "runtime/base/bytes.h"
#include "storage/dataset.h"

#include <boost/json/object.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// As in actors/job/job.capnp.
enum class Chat : std::uint8_t { none, mistral, chatml, llama3, automatic };

struct ProblemForm {
  std::string prompt_field = "prompt";
  std::string answer_field = "answer";
  std::string answer_after;  // the answer is what stands behind the last of this in its field
  Chat chat = Chat::automatic;
  // Chat::automatic: the model's own; null: as Chat::none.
  std::shared_ptr<const FolderTemplate> chat_template;
  bool system_turn = true;
  std::string system;          // what stands in it; empty: default_system_prompt()
  bool think_first = false;    // the model's turn begins with the opening tag
  bool skip_overlong = false;  // prompts that leave no room for an answer are left out, not refused
  ThinkingTags tags;

  // Before anything is rendered for a model. Chat::automatic takes the template among the files of
  // its folder, and becomes Chat::none where there is none. Says what is wrong, else nothing: a
  // template that cannot be used, or a built-in form whose tokens the tokenizer lacks, which is
  // then the form of other models.
  std::string fit(const std::string& folder, const std::map<std::string, Bytes>& files,
      const Tokenizer& tokenizer);

  // The text to tokenize, special tokens written out: system turn, the problem as the user's turn,
  // the beginning of the model's own. Chat::none: the problem as it is. Error(bad_input) where the
  // model's template refuses it.
  std::string render(std::string_view problem) const;

  // The same of a conversation, whose own system turn takes the place of the form's.
  // Error(bad_input) where it is more than one message of the user and there is no chat form to
  // write it in.
  std::string render(const std::vector<Turn>& turns) const;

  // Without a form of chat, the tokens begin with what the tokenizer puts before a text (<s>),
  // once. Error(bad_input) names a character that the tokenizer cannot write.
  Prompt prompt(const Tokenizer& tokenizer, std::string_view problem,
      const std::vector<Turn>& turns = {}) const;

  // Adds the token that ends a turn of this form to those that end a completion, in front: it is
  // what a demonstration ends with. Nothing changes where the tokenizer has no such token.
  void add_end(const Tokenizer& tokenizer, ModelConfig& model) const;

  bool operator==(const ProblemForm&) const = default;

 private:
  std::string render_by_template(const std::vector<Turn>& turns) const;
};

// Asks for thinking between the tags, then a boxed result or a fenced program.
std::string default_system_prompt(const ThinkingTags& tags);

// By the names of job.capnp; Error(bad_input) tells those that there are.
Chat chat_named(std::string_view name);

// As a checkpoint's manifest keeps it. Reading takes the default for what is not there or is not
// understood.
boost::json::object problem_form_json(const ProblemForm& form);
ProblemForm problem_form_of(const boost::json::object& object);

}  // namespace tramontane
