using ChatKit.Presence;

namespace ChatKit.Tests.Presence;

public class InProcessPresenceStoreTests : PresenceStoreContract
{
    private protected override Task<IPresenceStore> CreateAsync() => Task.FromResult<IPresenceStore>(new InProcessPresenceStore());
}
