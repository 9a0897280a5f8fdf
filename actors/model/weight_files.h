#pragma once
// Which files of a model's folder hold its weights, and under which names the tensors of the text
// model lie in them.
//
// Pure functions but for looking into the folder: any thread.

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace tramontane {

// model.safetensors, or those that model.safetensors.index.json names. A folder that has its
// weights in another form alone (Mistral's own, pickled, GGUF, an adapter) is Error(unsupported)
// with what makes it one that loads.
std::set<std::string> weight_files(const std::string& folder);

// The same for a folder without config.json: returns if there is no other form of it either.
void refuse_other_forms(const std::string& folder);

// The name that a tensor of Mistral3ForConditionalGeneration has in the model of text alone, in any
// of the layouts that transformers 4.5x and 5.x write. Nothing: it is of the part that sees images.
std::optional<std::string> text_tensor(std::string_view name);

}  // namespace tramontane
