import { expect, it, vi } from 'vitest'
import { SessionSlots } from './session-slots.ts'

const never = new AbortController().signal

it('grants no more slots than the limit, and the next one to who waited longest', async () => {
  const wanted = vi.fn<() => void>()
  const slots = new SessionSlots(1, wanted)
  const first = await slots.acquire(never)
  expect(wanted).not.toHaveBeenCalled()
  const order: string[] = []
  const second = slots.acquire(never).then((lease) => (order.push('second'), lease))
  const third = slots.acquire(never).then((lease) => (order.push('third'), lease))
  expect(wanted).toHaveBeenCalledTimes(2)
  expect(slots.held).toBe(1)
  first.release()
  ;(await second).release()
  ;(await third).release()
  expect(order).toEqual(['second', 'third'])
  expect(slots.held).toBe(0)
})

it('lets a waiter leave, and passes it over', async () => {
  const slots = new SessionSlots(1, () => {})
  const first = await slots.acquire(never)
  const leaving = new AbortController()
  const gone = slots.acquire(leaving.signal)
  const stays = slots.acquire(never)
  leaving.abort(new Error('left'))
  await expect(gone).rejects.toThrow('left')
  first.release()
  expect(await stays).toBeDefined()
  expect(slots.waiting).toBe(0)
})

it('refuses to give a slot back twice', async () => {
  const slots = new SessionSlots(2, () => {})
  const lease = await slots.acquire(never)
  lease.release()
  expect(() => lease.release()).toThrow('released twice')
  expect(slots.held).toBe(0)
})

it('tells when the last slot is free', async () => {
  const slots = new SessionSlots(2, () => {})
  const leases = [await slots.acquire(never), await slots.acquire(never)]
  const emptied = vi.fn<() => void>()
  const whenEmpty = slots.whenEmpty().then(emptied)
  leases[0]?.release()
  await Promise.resolve()
  expect(emptied).not.toHaveBeenCalled()
  leases[1]?.release()
  await whenEmpty
  await slots.whenEmpty()
})
