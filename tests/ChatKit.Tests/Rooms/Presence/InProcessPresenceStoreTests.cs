using ChatKit.Rooms.Presence;

namespace ChatKit.Tests.Rooms.Presence;

public class InProcessPresenceStoreTests : PresenceStoreContract
{
    private protected override Task<IPresenceStore> CreateAsync() => Task.FromResult<IPresenceStore>(new InProcessPresenceStore());
}
