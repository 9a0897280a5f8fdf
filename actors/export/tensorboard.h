#pragma once
// A run as an event file of TensorBoard: records of length and content, each with a masked CRC-32C
// (TFRecord), whose contents are Event messages of Protocol Buffers with a scalar a figure.
//
//   std::string path = write_tensorboard(run, run + "/export/tensorboard");
//   tensorboard --logdir runs/first/export/tensorboard
//
// Tags are "reinforce/score", "swap/swap_stall_us/generator/0"; each has what it is and how it is
// computed as its description. Where a run was resumed, TensorBoard drops what was trained again.
// Thread rule: any.

#include <cstdint>
#include <string>
#include <string_view>

namespace tramontane {

// Writes DIR/events.out.tfevents.SECONDS.tramontane, SECONDS being when the run began, and makes
// the folder; one that was there is replaced. Gives the file's path. Error(not_found) where there
// is no run, Error(io) where it cannot be written.
std::string write_tensorboard(const std::string& run_folder, const std::string& folder);

// Castagnoli's, as TFRecord masks it.
std::uint32_t masked_crc32c(std::string_view bytes);

// One record.
void append_record(std::string& out, std::string_view content);

}  // namespace tramontane
