import { describe, expect, it } from 'vitest'
import { VirtualClock } from '@nac-broker/supervisor'
import { answer } from './answers.ts'
import { Machine } from './machine.ts'

function newMachine(): Machine {
  return new Machine('sim-1', 1, new VirtualClock())
}

function text(machine: Machine, line: string): string {
  return [...(answer(machine, line) ?? ['?'])].join('\r\n')
}

describe('answer', () => {
  it.each([
    'show version',
    'show ip interface brief',
    'show interfaces',
    'show running-config',
    'show clock',
    'show inventory',
    'show nonce x',
    'show something else',
    'clear counters',
    'write memory',
  ])('answers %s differently each time it is executed', (line) => {
    const machine = newMachine()
    const answers = [text(machine, line), text(machine, line), text(machine, line)]
    expect(new Set(answers).size).toBe(3)
  })

  it('counts nonces per device', () => {
    const machine = newMachine()
    text(machine, 'show clock')
    expect(text(machine, 'show nonce 7f')).toBe('7f 1')
    expect(text(machine, 'show nonce 80')).toBe('80 2')
    expect(text(newMachine(), 'show nonce 7f')).toBe('7f 1')
  })

  it('sets counters back on clear counters', () => {
    const machine = newMachine()
    for (let i = 0; i < 5; i++) text(machine, 'show clock')
    expect(text(machine, 'show interfaces')).toContain('240 packets input')
    text(machine, 'clear counters')
    expect(text(machine, 'show interfaces')).toContain('40 packets input')
  })

  it('has no answer to what is no command', () => {
    expect(answer(newMachine(), 'frobnicate')).toBeUndefined()
    expect(answer(newMachine(), 'show bulk 200000001')).toBeUndefined()
  })

  it.each([0, 1, 79, 80, 81, 82, 160, 1000, 100_001])('makes exactly %i bytes of bulk', (size) => {
    const bulk = text(newMachine(), `show bulk ${size}`)
    expect(bulk).toHaveLength(size)
    expect(bulk).not.toMatch(/[\r\n]$/)
    expect(bulk).toBe(text(newMachine(), `show bulk ${size}`))
  })
})
