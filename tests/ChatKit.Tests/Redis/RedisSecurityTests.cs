using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ChatKit.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ChatKit.Tests.Redis;

/// <summary>What the configuration string says of passwords and TLS holds for messages too, and not for histories only.</summary>
public class RedisSecurityTests
{
    [Fact]
    public async Task The_password_of_the_configuration_string_is_used_on_every_connection()
    {
        await using var redis = new RedisServer { Password = "secret" };
        await redis.InitializeAsync();
        await Assert.ThrowsAsync<RedisConnectionException>(() => ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},connectRetry=1"));
        var prefix = RedisHost.NewPrefix();
        await using var here = RedisNode.Start($"{redis.Configuration},password=secret", prefix);
        await using var there = RedisNode.Start($"{redis.Configuration},password=secret", prefix);

        await AssertDeliveryAsync(here, there);
    }

    [Fact]
    public async Task Messages_go_over_TLS()
    {
        Requirement.RedisServer();
        var folder = Directory.CreateTempSubdirectory("chatkit-redis-tls-");
        try
        {
            var (certificate, key) = CreateCertificate(folder);
            var port = RedisServer.FreePort();
            await using var redis = new RedisServer
            {
                Options =
                [
                    "--tls-port", port.ToString(CultureInfo.InvariantCulture), "--tls-cert-file", certificate, "--tls-key-file", key,
                    "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no",
                ],
            };
            await redis.InitializeAsync();
            var configuration = ConfigurationOptions.Parse($"localhost:{port},ssl=true");
            configuration.TrustIssuer(certificate);
            await using var multiplexer = await ConnectionMultiplexer.ConnectAsync(configuration);
            await using var other = await ConnectionMultiplexer.ConnectAsync(configuration);
            var prefix = RedisHost.NewPrefix();
            await using var here = RedisNode.Start(null, prefix, services => services.AddSingleton<IConnectionMultiplexer>(multiplexer));
            await using var there = RedisNode.Start(null, prefix, services => services.AddSingleton<IConnectionMultiplexer>(other));

            await AssertDeliveryAsync(here, there);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task AssertDeliveryAsync(ChatHost here, ChatHost there)
    {
        var (ann, bob) = (await here.EnterAsync("room"), await there.EnterAsync("room"));
        await here.Broadcaster.BroadcastAsync("room", "stored");
        await there.Broadcaster.BroadcastAsync("room", "ephemeral", new RoomBroadcastOptions { Store = false });

        Assert.Equal(["stored", "ephemeral"], await ann.Client.ReceiveTextsAsync(2));
        Assert.Equal(["stored", "ephemeral"], await bob.Client.ReceiveTextsAsync(2));
    }

    private static (string Certificate, string Key) CreateCertificate(DirectoryInfo folder)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (certificateFile, keyFile) = (Path.Combine(folder.FullName, "redis.crt"), Path.Combine(folder.FullName, "redis.key"));
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificateFile, keyFile);
    }
}
