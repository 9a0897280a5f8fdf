#include "scheduler/job_request.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "scheduler/relations.h"

#include <set>
#include <utility>

namespace tramontane {
namespace {

[[noreturn]] void refuse(const JobGroup& group, const std::string& text) {
  throw Error(Errc::bad_input, str("group ", group.name, ": ", text));
}

void check_names(const JobGroup& group) {
  if (group.name.empty() || group.name.size() > name_length_max)
    throw Error(Errc::bad_input,
        str("a group's name has ", group.name.size(), " bytes: 1 to ", name_length_max));
  for (const auto* labels : {&group.needs_labels, &group.prefers_labels})
    for (const auto& label : *labels)
      if (label.key.size() > name_length_max || label.value.size() > name_length_max)
        refuse(group, str("a label of more than ", name_length_max, " bytes"));
  for (const auto* others : {&group.near, &group.apart})
    for (const auto& other : *others)
      if (other.size() > name_length_max)
        refuse(
            group, str("names a group by ", other.size(), " bytes: ", name_length_max, " at most"));
}

void check(const JobGroup& group) {
  check_names(group);
  const Need& need = group.need;
  if (group.count == 0) refuse(group, "no actors: a group has at least one");
  if (need.cpu_milli < 0 || need.cpu_milli > cpu_milli_max)
    refuse(group, str(need.cpu_milli, " thousandths of a CPU: 0 to ", cpu_milli_max));
  if (need.memory_bytes < 0 || need.memory_bytes > memory_bytes_max)
    refuse(group, str(need.memory_bytes, " bytes of memory: 0 to ", memory_bytes_max));
  if (need.gpu_milli < 0 ||
      need.gpu_milli > static_cast<std::int64_t>(devices_max) * whole_gpu_milli)
    refuse(group, str(need.gpu_milli, " thousandths of a GPU: 0 to ", devices_max, " GPUs"));
  if (need.gpu_milli > whole_gpu_milli && need.gpu_milli % whole_gpu_milli != 0)
    refuse(group, str(need.gpu_milli,
                      " thousandths of a GPU: whole ones, or a share of one device below 1000"));
}

void check_wishes(const JobRequest& job) {
  std::set<std::pair<const std::vector<Label>&, const std::vector<Label>&>> wishes;
  for (const auto& group : job.groups) {
    wishes.emplace(group.needs_labels, group.prefers_labels);
    if (wishes.size() > wishes_max)
      throw Error(Errc::bad_input, str("job ", job.name, ": groups need or prefer more than ",
                                       wishes_max, " different lists of labels"));
  }
}

}  // namespace

void check(const JobRequest& job) {
  if (job.groups.size() > groups_max)
    throw Error(Errc::bad_input,
        str("job ", job.name, ": ", job.groups.size(), " groups; ", groups_max, " at most"));
  check_wishes(job);
  std::size_t actors = 0;
  std::size_t relations = 0;
  for (const auto& group : job.groups) {
    check(group);
    if (group.at_run_directory && !job.run_node)
      refuse(group, "at_run_directory, and the job names no node of its run directory");
    actors += group.count;
    relations += group.near.size() + group.apart.size();
  }
  if (actors > actors_max)
    throw Error(
        Errc::bad_input, str("job ", job.name, ": ", actors, " actors; ", actors_max, " at most"));
  if (relations > relations_max)
    throw Error(Errc::bad_input, str("job ", job.name, ": ", relations,
                                     " names in near and apart; ", relations_max, " at most"));
  relations_of(job);
}

bool computes(const JobGroup& group) {
  return group.work != Work::passes;
}

Strategy strategy_of(const JobGroup& group) {
  if (group.strategy != Strategy::by_work) return group.strategy;
  return group.work == Work::generates ? Strategy::spread : Strategy::by_work;
}

}  // namespace tramontane
