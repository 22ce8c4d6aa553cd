// When a field is stored next: soon after typing, or again after a failure with the seconds counted down.
const WAITS = [2, 5, 10, 20, 30]; // seconds

/** act() stores and calls stop(); tell(why, seconds) shows the countdown. */
export function schedule(act, tell) {
  let timer, tries = 0;
  const stop = () => clearInterval(timer);
  const every = (ms, step) => {
    stop();
    timer = setInterval(step, ms);
  };
  return {
    stop,
    soon: (ms) => every(ms, act),
    again(why) {
      let seconds = WAITS[Math.min(tries++, WAITS.length - 1)];
      const tick = () => (seconds > 0 ? tell(why, seconds--) : act());
      every(1000, tick);
      tick();
    },
    calm() { tries = 0; },
  };
}
