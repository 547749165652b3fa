namespace ChatKit.Redis;

/// <summary>A message to append.</summary>
/// <param name="Entry">The message as <see cref="RedisEntry"/> encodes it.</param>
/// <param name="Capacity">The minimum number of messages that the room keeps; null for the stored number.</param>
/// <param name="IdempotencyKey">The idempotency key; null if it has none.</param>
/// <param name="Publish">Whether it is published in the same step.</param>
internal readonly record struct RedisAppend(byte[] Entry, int? Capacity, string? IdempotencyKey, bool Publish);
