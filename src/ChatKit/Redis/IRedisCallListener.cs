namespace ChatKit.Redis;

/// <summary>Is notified when a call to Redis has ended.</summary>
internal interface IRedisCallListener
{
    /// <summary>The call has succeeded or failed.</summary>
    void OnCallEnded();
}
