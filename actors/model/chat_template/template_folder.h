#pragma once
// The chat template of a model's folder: its text, and the special tokens that it sees.
//
//   if (auto chat = chat_template_of("/models/tiny")) prompt = chat->render(messages, {});
//
// Pure but for the files that are read: any thread.

#include "actors/model/chat_template/chat_template.h"
#include "runtime/base/bytes.h"

#include <boost/json/array.hpp>

#include <map>
#include <optional>
#include <string>

namespace tramontane {

struct FolderTemplate {
  ChatTemplate chat;
  std::optional<std::string> bos_token, eos_token, pad_token, unk_token;

  // As ChatTemplate::render(), with the folder's special tokens where the options have none.
  std::string render(const boost::json::array& messages, ChatOptions options) const;
};

// From chat_template.jinja, else from `chat_template` of tokenizer_config.json: a text, or a list
// of which the one named "default" counts; else from that of chat_template.json, where processors
// of models that see images as well have it. The special tokens are tokenizer_config.json's, each a
// text or an object with `content`. Templates of further names (additional_chat_templates/) are for
// other purposes and not read. Nothing where the folder has no template. Errors begin with the
// file; Error(bad_input) for one that is not as it must be, Error(io) for one that cannot be read.
std::optional<FolderTemplate> chat_template_of(const std::string& folder);

// The same from files by name, as HfFolder carries them; `folder` is for the errors.
std::optional<FolderTemplate> chat_template_of(
    const std::string& folder, const std::map<std::string, Bytes>& files);

}  // namespace tramontane
