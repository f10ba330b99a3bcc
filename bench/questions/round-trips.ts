import { bareCommand, bareSshTo } from '../bare-ssh.ts'
import { compare } from '../compare.ts'
import { echoSubject } from '../echo-client.ts'
import { startLab } from '../lab.ts'
import type { Question } from '../question.ts'
import { summarise } from '../samples.ts'
import { cachedCommand, uncachedCommand } from '../subjects.ts'

export const roundTrips: Question = {
  name: 'round-trips',
  asks: 'What does the broker add to what bounds it, a bare round trip and a bare SSH session?',
  beside:
    "a MessagePack echo over the same kind of socket, which does nothing else, and a shell of one's own over ssh2",
  async measure({ quick }) {
    const sampling = quick
      ? { rounds: 10, perRound: 25, warmUpRounds: 10 }
      : { rounds: 100, perRound: 200 }
    await using lab = await startLab()
    await lab.broker('broker.sock')
    await lab.server('echo.ts', lab.at('echo.sock'))
    const client = await lab.client('broker.sock')
    using echo = await echoSubject(lab.at('echo.sock'))
    const logIn = await bareSshTo(lab.testbed)
    using bareSsh = await logIn('sim-1')
    const subjects = [
      echo,
      await cachedCommand(client),
      bareCommand(bareSsh),
      uncachedCommand(client),
    ]
    const samples = await compare(subjects, sampling)
    const rows = subjects.map(({ name }, index) => ({
      what: name,
      samples: (samples[index] ?? []).map((ms) => ms * 1000),
    }))
    const [echoMs = 0, cachedMs = 0, sshMs = 0, uncachedMs = 0] = samples.map(
      (each) => summarise(each).median,
    )
    const where = lab.pinned
      ? 'client on one core, the rest on another'
      : 'no taskset here (apt-get install util-linux): expect noise'
    return [
      { title: `One call at a time, ${where}`, unit: 'microseconds', digits: 1, rows },
      {
        title: 'Ratios of the medians',
        unit: 'ratio',
        digits: 2,
        rows: [
          {
            what: 'cached command / bare echo',
            samples: [cachedMs / echoMs],
            bar: 'at most 1.25',
          },
          {
            what: '(uncached command - bare ssh2 shell) / bare echo',
            samples: [(uncachedMs - sshMs) / echoMs],
            bar: 'at most 2',
          },
        ],
      },
    ]
  },
}
