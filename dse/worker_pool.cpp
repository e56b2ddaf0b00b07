// SPDX-License-Identifier: Apache-2.0
// A keeper process, which never has threads, starts the workers and starts them anew when they
// die, so that nothing is forked from a process whose threads hold locks. Each worker has one
// socket to the pool and a seat in shared memory, in which it says what it is at.
#include "dse/worker_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <system_error>
#include <thread>

#include "dse/result_bytes.hpp"

namespace sluice {
namespace {

using Clock = std::chrono::steady_clock;

/// Results are a few hundred bytes; a network with thousands of stall causes would not fit.
constexpr std::size_t largest_message = 1u << 17;

/// What comes back over a worker's socket, before the bytes of a result.
enum class Answer : std::uint64_t { result, died };
struct Header {
  Answer answer = Answer::result;
  std::uint64_t job = 0;
  std::int64_t wait_status = 0;  ///< of a worker that died
};

/// In shared memory.
struct Seat {
  std::atomic<pid_t> worker;
  std::atomic<std::uint64_t> job;  ///< from 1; 0: none
};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Whole messages, or nothing when the other side has gone.
std::string receive(int socket) {
  std::string message(largest_message, '\0');
  ssize_t size = -1;
  do size = recv(socket, message.data(), message.size(), 0);
  while (size < 0 && errno == EINTR);
  message.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return message;
}

bool send_all(int socket, const std::string& message) {
  ssize_t size = -1;
  do size = send(socket, message.data(), message.size(), MSG_NOSIGNAL);
  while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(message.size());
}

std::string with_header(const Header& header, const std::string& bytes) {
  std::string message(sizeof header, '\0');
  std::memcpy(message.data(), &header, sizeof header);
  return message + bytes;
}

std::string death_text(std::int64_t wait_status) {
  const int status = static_cast<int>(wait_status);
  if (WIFSIGNALED(status))
    return fmt::format("the worker was ended by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  return fmt::format("the worker ended with status {}", WEXITSTATUS(status));
}

/// A worker's life: one design after the other until the pool has gone.
[[noreturn]] void work(const WorkerPool::Evaluate& evaluate, int socket, Seat& seat) {
  while (true) {
    const std::string message = receive(socket);
    if (message.size() < sizeof(std::uint64_t)) _exit(0);
    std::uint64_t job = 0;
    std::memcpy(&job, message.data(), sizeof job);
    seat.job = job;
    const Result result = evaluate(point_of_bytes(std::string_view(message).substr(sizeof job)));
    const bool sent = send_all(socket, with_header({Answer::result, job, 0}, to_bytes(result)));
    seat.job = 0;
    if (!sent) abort();  // the result is too large
  }
}

/// The keeper's life: it fills every seat, and fills it again when its worker has died.
class Keeper {
 public:
  Keeper(const WorkerPool::Evaluate& evaluate, std::span<const int> sockets, Seat* seats)
      : evaluate_(evaluate), sockets_(sockets), seats_(seats) {}

  [[noreturn]] void run() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) fill(i);
    while (true) {
      int status = 0;
      const pid_t dead = waitpid(-1, &status, 0);
      if (dead < 0 && errno != EINTR) _exit(0);
      for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (dead <= 0 || seats_[i].worker != dead) continue;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) _exit(0);  // the pool has gone
        const std::uint64_t job = seats_[i].job.exchange(0);
        fill(i);
        if (job != 0) send_all(sockets_[i], with_header({Answer::died, job, status}, {}));
      }
    }
  }

 private:
  void fill(std::size_t seat) {
    const pid_t keeper = getpid();
    const pid_t child = fork();
    if (child < 0) _exit(1);
    if (child > 0) {
      seats_[seat].worker = child;
      return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper) _exit(0);
    seats_[seat].worker = getpid();  // before it has a job: who is at one can be ended
    try {
      work(evaluate_, sockets_[seat], seats_[seat]);
    } catch (...) {
      abort();
    }
  }

  const WorkerPool::Evaluate& evaluate_;
  std::span<const int> sockets_;
  Seat* seats_;
};

}  // namespace

struct WorkerPool::Processes {
  WorkerOptions options;
  std::vector<int> sockets;  ///< the pool's ends
  Seat* seats = nullptr;     ///< as many
  pid_t keeper = -1;

  /// What a worker is at, as the pool knows it.
  struct Job {
    std::uint64_t id = 0;  ///< 0: none
    std::size_t place = 0;
    Clock::time_point begin;
    bool ended = false;  ///< for its time
  };
  std::vector<Job> jobs;
  std::uint64_t last_id = 0;

  void start(const Evaluate& evaluate);
  void stop();
  bool give(std::size_t seat, std::size_t place, const Point& point);
  void take(std::size_t seat, std::vector<Result>& results);
  void end(std::size_t seat);
  void end_late();
  void end_all();
  int milliseconds_left() const;
};

void WorkerPool::Processes::start(const Evaluate& evaluate) {
  const std::size_t count = options.workers;
  void* memory = mmap(nullptr, count * sizeof(Seat), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("workers: no shared memory");
  seats = new (memory) Seat[count]{};
  std::vector<int> ends;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<int, 2> pair{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0)
      fail("workers: no sockets");
    sockets.push_back(pair[0]);
    ends.push_back(pair[1]);
  }
  const pid_t pool = getpid();
  keeper = fork();
  if (keeper < 0) fail("workers cannot be started");
  if (keeper == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != pool) _exit(0);
    signal(SIGINT, SIG_IGN);  // the pool ends them
    signal(SIGTERM, SIG_IGN);
    for (const int socket : sockets) close(socket);
    Keeper(evaluate, ends, seats).run();
  }
  for (const int end : ends) close(end);
  jobs.resize(count);
}

void WorkerPool::Processes::stop() {
  for (const int socket : sockets) close(socket);
  if (keeper > 0) {
    kill(keeper, SIGKILL);  // and with it its workers
    waitpid(keeper, nullptr, 0);
  }
  if (seats != nullptr) munmap(seats, options.workers * sizeof(Seat));
}

bool WorkerPool::Processes::give(std::size_t seat, std::size_t place, const Point& point) {
  jobs[seat] = {++last_id, place, Clock::now(), false};
  std::string message(sizeof last_id, '\0');
  std::memcpy(message.data(), &last_id, sizeof last_id);
  return send_all(sockets[seat], message + to_bytes(point));
}

void WorkerPool::Processes::take(std::size_t seat, std::vector<Result>& results) {
  const std::string message = receive(sockets[seat]);
  Header header;
  if (message.size() < sizeof header) throw std::runtime_error("the keeper of workers has ended");
  std::memcpy(&header, message.data(), sizeof header);
  Job& job = jobs[seat];
  if (header.job != job.id) return;  // it died with its answer sent
  Result& result = results[job.place];
  if (header.answer == Answer::result) {
    result = result_of_bytes(std::string_view(message).substr(sizeof header));
  } else if (job.ended) {
    result = {TrialStatus::timeout,
              fmt::format("took longer than {:g} s", options.timeout_seconds),
              {},
              {},
              {}};
  } else {
    result = {TrialStatus::crashed, death_text(header.wait_status), {}, {}, {}};
  }
  job = {};
}

/// Ends a worker that is at its job; the keeper then says that it died.
void WorkerPool::Processes::end(std::size_t seat) {
  if (jobs[seat].id == 0 || seats[seat].job != jobs[seat].id) return;
  jobs[seat].ended = true;
  kill(seats[seat].worker, SIGKILL);
}

/// Ends workers whose time is up.
void WorkerPool::Processes::end_late() {
  if (options.timeout_seconds <= 0) return;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].ended) continue;
    const std::chrono::duration<double> taken = Clock::now() - jobs[i].begin;
    if (taken.count() >= options.timeout_seconds) end(i);
  }
}

/// Ends what is under way; what workers have yet to say of it, take() passes over.
void WorkerPool::Processes::end_all() {
  for (std::size_t i = 0; i < jobs.size(); ++i) end(i);
  jobs.assign(jobs.size(), {});
}

int WorkerPool::Processes::milliseconds_left() const {
  if (options.timeout_seconds <= 0) return -1;
  double least = options.timeout_seconds;
  for (const Job& job : jobs) {
    if (job.id == 0) continue;
    const std::chrono::duration<double> taken = Clock::now() - job.begin;
    least = std::min(least, std::max(0.0, options.timeout_seconds - taken.count()));
  }
  return static_cast<int>(std::min(1000 * least + 1, 1e6));
}

std::size_t count_workers(const WorkerOptions& options) {
  return options.workers > 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
}

WorkerPool::WorkerPool(Evaluate evaluate, const WorkerOptions& options)
    : processes_(std::make_unique<Processes>()) {
  processes_->options = options;
  processes_->options.workers = count_workers(options);
  processes_->start(evaluate);
}

WorkerPool::~WorkerPool() { processes_->stop(); }

std::vector<Result> WorkerPool::evaluate(std::span<const Point> points, const Pulse& pulse) {
  try {
    return evaluate_all(points, pulse);
  } catch (...) {
    processes_->end_all();
    throw;
  }
}

std::vector<Result> WorkerPool::evaluate_all(std::span<const Point> points, const Pulse& pulse) {
  Processes& p = *processes_;
  std::vector<Result> results(points.size());
  std::size_t given = 0;
  const auto give_next = [&](std::size_t seat) {
    if (given == points.size()) return;
    if (!p.give(seat, given, points[given])) throw std::runtime_error("a worker cannot be reached");
    ++given;
  };
  for (std::size_t seat = 0; seat < p.jobs.size(); ++seat) give_next(seat);
  while (true) {
    std::vector<pollfd> waiting;
    std::vector<std::size_t> seats;
    for (std::size_t seat = 0; seat < p.jobs.size(); ++seat)
      if (p.jobs[seat].id != 0) {
        waiting.push_back({p.sockets[seat], POLLIN, 0});
        seats.push_back(seat);
      }
    if (waiting.empty()) return results;
    int patience = p.milliseconds_left();
    constexpr int interval = pulse_interval.count();
    if (pulse) patience = patience < 0 ? interval : std::min(patience, interval);
    poll(waiting.data(), waiting.size(), patience);
    if (pulse) pulse();
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      p.take(seats[i], results);
      if (p.jobs[seats[i]].id == 0) give_next(seats[i]);
    }
    p.end_late();
  }
}

}  // namespace sluice
