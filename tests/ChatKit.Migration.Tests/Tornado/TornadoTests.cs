using System.Diagnostics;
using System.Globalization;

namespace ChatKit.Migration.Tests.Tornado;

public sealed class TornadoTests(TornadoTests.App app) : RoomTests(app), IClassFixture<TornadoTests.App>
{
    public sealed class App : RoomApp
    {
        protected override void SkipIfMissing() => Requirement.Tornado();

        private protected override Task<Sample> StartAsync()
        {
            var server = Path.Combine(Repository.Root, "samples", "Migration", "Tornado", "server.py");
            string[] ports = [RedisServer.FreePort().ToString(CultureInfo.InvariantCulture), Redis.Port.ToString(CultureInfo.InvariantCulture)];
            return Sample.StartAsync(new ProcessStartInfo(Requirement.Tornado(), [server, .. ports]));
        }
    }
}
