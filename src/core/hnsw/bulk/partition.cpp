#include "core/hnsw/bulk/partition.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>

#include "core/hnsw/bulk/nearest.h"
#include "kernels/kernels.h"

namespace vec::hnsw::bulk {

namespace {

using Places = std::pmr::vector<std::uint32_t>;

/// More leaders than these are looked for through super-leaders.
constexpr std::size_t kMostDirect = 1000;
constexpr std::size_t kGroupsProbed = 6;
constexpr std::size_t kChunk = 16384;
/// What is infinitely far leads nobody.
constexpr float kFarthest = std::numeric_limits<float>::max();
/// A cut that leaves a part this large has found nothing to cut by.
constexpr double kHopeless = 0.9;

/// `count` of the numbers below `size`, ascending, all sets equally likely.
std::vector<std::uint32_t> sample(std::size_t size, std::size_t count, Rng& rng) {
  std::vector<std::uint32_t> chosen;
  chosen.reserve(count);
  for (std::size_t i = 0; i < size && chosen.size() < count; ++i) {
    if (rng.below(size - i) < count - chosen.size())
      chosen.push_back(static_cast<std::uint32_t>(i));
  }
  return chosen;
}

std::vector<const std::byte*> pick(Codes points, std::span<const std::uint32_t> places) {
  std::vector<const std::byte*> picked(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) picked[i] = points[places[i]];
  return picked;
}

/// Distances of rows to columns, and the nearest columns of each.
class Assigner {
 public:
  Assigner(const codes::Format& format, Codes leaders)
      : columns_(format, Columns::Measure::kDirection) {
    columns_.assign(leaders);
  }

  /// Calls each(row, nearest) for every one of `rows`, at most `count` nearest.
  template <class Each>
  void nearest(Codes rows, std::size_t count, const std::function<void()>& interrupt, Each each) {
    distances_.resize(Columns::kRows * columns_.stride());
    for (std::size_t first = 0; first < rows.size(); first += Columns::kRows) {
      interrupt();
      const std::size_t block = std::min(Columns::kRows, rows.size() - first);
      columns_.distances(rows.subspan(first, block), 0, distances_.data());
      for (std::size_t r = 0; r < block; ++r) {
        each(first + r, nearest_.find({distances_.data() + r * columns_.stride(), columns_.size()},
                                      count, kNoLeader));
      }
    }
  }

  /// Calls each(row, near) for the columns that are at most as far from each of `rows` as
  /// limit(row), or as the nearest few seem to be.
  template <class Limit, class Each>
  void within(Codes rows, std::size_t count, const std::function<void()>& interrupt, Limit limit,
              Each each) {
    const auto& table = kernels::active();
    distances_.resize(Columns::kRows * columns_.stride());
    places_.resize(columns_.size() + kernels::kPlacesSlack);
    for (std::size_t first = 0; first < rows.size(); first += Columns::kRows) {
      interrupt();
      const std::size_t block = std::min(Columns::kRows, rows.size() - first);
      columns_.distances(rows.subspan(first, block), 0, distances_.data());
      for (std::size_t r = 0; r < block; ++r) {
        const float* const row = distances_.data() + r * columns_.stride();
        float most = limit(first + r);
        if (most == kFarthest && columns_.size() > count)
          most = table.limit_for(row, columns_.size(), count);
        const std::size_t found = table.places_up_to(row, columns_.size(), most, places_.data());
        for (std::size_t i = 0; i < found; ++i) each(first + r, Near{row[places_[i]], places_[i]});
      }
    }
  }

 private:
  Columns columns_;
  Nearest nearest_;
  std::vector<float> distances_;
  std::vector<std::uint32_t> places_;
};

/// Lists the points of each leader: members[starts[l]..starts[l + 1]).
void sort_by_leader(const Places& choices, std::size_t count, std::size_t leaders,
                    std::size_t choices_used, Places& members, std::vector<std::size_t>& starts) {
  const std::size_t points = choices.size() / count;
  starts.assign(leaders + 1, 0);
  const auto each = [&](auto visit) {
    for (std::size_t i = 0; i < points; ++i) {
      for (std::size_t k = 0; k < choices_used; ++k) {
        const std::uint32_t leader = choices[i * count + k];
        if (leader != kNoLeader) visit(static_cast<std::uint32_t>(i), leader);
      }
    }
  };
  each([&](std::uint32_t, std::uint32_t leader) { ++starts[leader + 1]; });
  for (std::size_t l = 0; l < leaders; ++l) starts[l + 1] += starts[l];
  members.resize(starts[leaders]);
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  each([&](std::uint32_t i, std::uint32_t leader) { members[next[leader]++] = i; });
}

class Cutter {
 public:
  Cutter(const codes::Format& format, Codes points, const PartitionSettings& settings, Rng& rng,
         std::pmr::memory_resource* memory, const std::function<void()>& interrupt,
         const AssignAll& assign_all)
      : format_(format),
        points_(points),
        settings_(settings),
        rng_(rng),
        memory_(memory),
        interrupt_(interrupt),
        assign_all_(assign_all),
        result_{Places(memory), std::pmr::vector<std::size_t>(memory), Places(memory)} {
    result_.starts.push_back(0);
  }

  Partition run() {
    Places all(points_.size(), memory_);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
    if (all.size() <= settings_.most) {
      add_leaf(all);
      result_.order = std::move(all);
    } else {
      cut(all, settings_.fanout, &result_.order);
    }
    return std::move(result_);
  }

 private:
  void add_leaf(std::span<const std::uint32_t> members) {
    result_.members.insert(result_.members.end(), members.begin(), members.end());
    result_.starts.push_back(result_.members.size());
  }

  /// Cuts the points of `places`, more than a leaf holds.
  void cut(std::span<const std::uint32_t> places, std::size_t fanout, Places* order) {
    const std::size_t leaders_wanted =
        std::max<std::size_t>(2, places.size() * fanout / settings_.leaf_size);
    const auto codes = pick(points_, places);
    Places choices(memory_);
    Places members(memory_);
    std::vector<std::size_t> starts;
    std::size_t leader_count;
    {
      const LeaderPlaces chosen = choose_leaders(codes.size(), leaders_wanted, rng_);
      leader_count = chosen.leaders.size();
      fanout = std::min(fanout, leader_count);
      if (order != nullptr && assign_all_) {
        assign_all_(chosen, fanout, choices);
      } else {
        choices.resize(codes.size() * fanout);
        Leaders(format_, codes, chosen.leaders, chosen.supers, interrupt_)
            .assign(codes, fanout, choices.data());
      }
    }
    if (order != nullptr) {
      sort_by_leader(choices, fanout, leader_count, 1, *order, starts);
    }
    sort_by_leader(choices, fanout, leader_count, fanout, members, starts);
    choices = Places(memory_);
    for (std::uint32_t& member : members) member = places[member];
    for (std::size_t l = 0; l < leader_count; ++l) {
      const std::span<const std::uint32_t> part(members.data() + starts[l],
                                                starts[l + 1] - starts[l]);
      if (part.size() < 2) continue;
      if (part.size() <= settings_.most) {
        add_leaf(part);
      } else if (static_cast<double>(part.size()) <
                 kHopeless * static_cast<double>(places.size())) {
        cut(part, 2, nullptr);
      } else {
        for (std::size_t first = 0; first < part.size(); first += settings_.most) {
          add_leaf(part.subspan(first, std::min(settings_.most, part.size() - first)));
        }
      }
    }
  }

  const codes::Format& format_;
  Codes points_;
  const PartitionSettings& settings_;
  Rng& rng_;
  std::pmr::memory_resource* memory_;
  const std::function<void()>& interrupt_;
  const AssignAll& assign_all_;
  Partition result_;
};

}  // namespace

LeaderPlaces choose_leaders(std::size_t points, std::size_t count, Rng& rng) {
  LeaderPlaces places;
  places.leaders = sample(points, count, rng);
  const std::size_t size = places.leaders.size();
  const auto supers = static_cast<std::size_t>(std::sqrt(static_cast<double>(size)));
  places.supers = sample(size, std::max<std::size_t>(1, supers), rng);
  return places;
}

/// Leaders, grouped by super-leaders.
struct Leaders::Parts {
  Parts(const codes::Format& format, Codes points, std::span<const std::uint32_t> leaders,
        std::span<const std::uint32_t> super_places, const std::function<void()>& check)
      : interrupt(check), codes(pick(points, leaders)), supers(format, pick(codes, super_places)) {
    std::vector<std::vector<const std::byte*>> members(super_places.size());
    supers.nearest(codes, 1, interrupt, [&](std::size_t leader, std::span<const Near> nearest) {
      members[nearest.empty() ? 0 : nearest[0].place].push_back(codes[leader]);
    });
    codes.clear();
    for (const auto& group : members) {
      group_starts.push_back(codes.size());
      codes.insert(codes.end(), group.begin(), group.end());
    }
    if (codes.size() <= kMostDirect) {
      all.emplace(format, codes);
    } else {
      for (const auto& group : members) groups.emplace_back(format, group);
    }
  }

  void assign_directly(Codes points, std::size_t count, std::uint32_t* choices) {
    all->nearest(points, count, interrupt, [&](std::size_t i, std::span<const Near> nearest) {
      for (std::size_t k = 0; k < nearest.size(); ++k) choices[i * count + k] = nearest[k].place;
    });
  }

  void assign_routed(Codes points, std::size_t count, std::uint32_t* choices) {
    std::vector<std::vector<std::uint32_t>> visitors(groups.size());
    supers.nearest(points, std::min(kGroupsProbed, groups.size()), interrupt,
                   [&](std::size_t i, std::span<const Near> nearest) {
                     for (const Near& near : nearest) {
                       visitors[near.place].push_back(static_cast<std::uint32_t>(i));
                     }
                   });
    std::vector<Near> best(points.size() * count, Near{kFarthest, kNoLeader});
    std::vector<const std::byte*> rows;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      rows = pick(points, visitors[g]);
      const auto first = static_cast<std::uint32_t>(group_starts[g]);
      const auto own = [&](std::size_t v) { return best.data() + visitors[g][v] * count; };
      groups[g].within(
          rows, count, interrupt, [&](std::size_t v) { return own(v)[count - 1].distance; },
          [&](std::size_t v, Near near) {
            Near* const list = own(v);
            std::size_t at = count;
            while (at > 0 && near.distance < list[at - 1].distance) --at;
            if (at == count) return;
            std::copy_backward(list + at, list + count - 1, list + count);
            list[at] = {near.distance, first + near.place};
          });
    }
    for (std::size_t i = 0; i < best.size(); ++i) choices[i] = best[i].place;
  }

  const std::function<void()>& interrupt;
  std::vector<const std::byte*> codes;
  std::vector<std::size_t> group_starts;
  Assigner supers;
  std::optional<Assigner> all;
  std::deque<Assigner> groups;
};

Leaders::Leaders(const codes::Format& format, Codes points, std::span<const std::uint32_t> leaders,
                 std::span<const std::uint32_t> supers, const std::function<void()>& interrupt)
    : parts_(std::make_unique<Parts>(format, points, leaders, supers, interrupt)) {}

Leaders::~Leaders() = default;

void Leaders::assign(Codes points, std::size_t count, std::uint32_t* choices) {
  std::fill_n(choices, points.size() * count, kNoLeader);
  if (parts_->all) {
    parts_->assign_directly(points, count, choices);
  } else {
    for (std::size_t first = 0; first < points.size(); first += kChunk) {
      parts_->assign_routed(points.subspan(first, std::min(kChunk, points.size() - first)), count,
                            choices + first * count);
    }
  }
  for (std::size_t i = 0; i < points.size(); ++i) {  // what has no number for a distance
    if (choices[i * count] == kNoLeader) {
      choices[i * count] = static_cast<std::uint32_t>(i % parts_->codes.size());
    }
  }
}

Partition make_partition(const codes::Format& format, Codes points,
                         const PartitionSettings& settings, Rng& rng,
                         std::pmr::memory_resource* memory, const std::function<void()>& interrupt,
                         const AssignAll& assign_all) {
  return Cutter(format, points, settings, rng, memory, interrupt, assign_all).run();
}

std::pmr::vector<std::uint32_t> order_by_leader(const codes::Format& format, Codes points,
                                                std::size_t together, Rng& rng,
                                                std::pmr::memory_resource* memory,
                                                const std::function<void()>& interrupt) {
  const std::size_t count = std::max<std::size_t>(1, points.size() / together);
  Places choices(points.size(), memory);
  Places order(memory);
  if (points.empty()) return order;
  const LeaderPlaces chosen = choose_leaders(points.size(), count, rng);
  Leaders(format, points, chosen.leaders, chosen.supers, interrupt)
      .assign(points, 1, choices.data());
  std::vector<std::size_t> starts;
  sort_by_leader(choices, 1, count, 1, order, starts);
  return order;
}

}  // namespace vec::hnsw::bulk
